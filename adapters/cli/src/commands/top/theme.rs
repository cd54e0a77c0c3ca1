//! How things are set off: by colour, or where there is none by weight alone.

use ratatui::style::{Color, Modifier, Style};

#[derive(Clone, Copy)]
pub(super) struct Theme {
    is_plain: bool,
}

impl Theme {
    /// Without colour where it is to be plain.
    pub(super) const fn new(is_plain: bool) -> Self {
        Self { is_plain }
    }

    pub(super) const HEAD: Style = Style::new().add_modifier(Modifier::BOLD);

    pub(super) const SELECTED: Style = Style::new().add_modifier(Modifier::REVERSED);

    /// What is less important.
    pub(super) const fn aside(self) -> Style {
        if self.is_plain { Style::new() } else { Style::new().add_modifier(Modifier::DIM) }
    }

    pub(super) const fn good(self) -> Style {
        self.coloured(Color::Green)
    }

    pub(super) const fn warning(self) -> Style {
        self.coloured(Color::Yellow).add_modifier(Modifier::BOLD)
    }

    pub(super) const fn bad(self) -> Style {
        self.coloured(Color::Red).add_modifier(Modifier::BOLD)
    }

    pub(super) const fn graph(self) -> Style {
        self.coloured(Color::Cyan)
    }

    const fn coloured(self, color: Color) -> Style {
        if self.is_plain { Style::new() } else { Style::new().fg(color) }
    }
}
