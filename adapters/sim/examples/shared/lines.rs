//! Plots as SVG: lines over two logarithmic axes.

use std::error::Error;

use plotters::prelude::*;

/// A plot of several lines.
pub(crate) struct Plot<'a> {
    pub(crate) title: &'a str,
    /// What stands on the level axis, from where to where.
    pub(crate) across: (&'a str, f64, f64),
    /// The names of the lines, and their points.
    pub(crate) lines: Vec<(String, Vec<(f64, f64)>)>,
}

impl Plot<'_> {
    pub(crate) fn draw(&self) -> Result<String, Box<dyn Error>> {
        let values = || self.lines.iter().flat_map(|(_, points)| points).map(|&(_, value)| value);
        let (low, high) = (values().fold(f64::MAX, f64::min), values().fold(0.0, f64::max));
        let (what, from, to) = self.across;
        let mut text = String::new();
        {
            let root = SVGBackend::with_string(&mut text, (640, 400)).into_drawing_area();
            root.fill(&WHITE)?;
            let mut chart = ChartBuilder::on(&root)
                .caption(self.title, ("sans-serif", 18))
                .margin(12)
                .x_label_area_size(40)
                .y_label_area_size(70)
                .build_cartesian_2d((from..to).log_scale(), (low / 1.5..high * 1.5).log_scale())?;
            chart
                .configure_mesh()
                .x_desc(what)
                .x_label_formatter(&|number| format!("{number:.0}"))
                .y_label_formatter(&|value| label(*value))
                .light_line_style(WHITE.mix(0.0))
                .draw()?;
            for ((name, points), color) in self.lines.iter().zip([RED, BLUE, RGBColor(0, 130, 60)]) {
                chart
                    .draw_series(LineSeries::new(points.iter().copied(), color.stroke_width(2)))?
                    .label(name)
                    .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], color.stroke_width(2)));
                chart.draw_series(points.iter().map(|&point| Circle::new(point, 3, color.filled())))?;
            }
            chart
                .configure_series_labels()
                .position(SeriesLabelPosition::UpperLeft)
                .background_style(WHITE.mix(0.8))
                .border_style(BLACK.mix(0.3))
                .draw()?;
            root.present()?;
        }
        Ok(text)
    }
}

fn label(value: f64) -> String {
    match value {
        1e6.. => format!("{} M", value / 1e6),
        1e3.. => format!("{} k", value / 1e3),
        _ => format!("{}", (value * 100.0).round() / 100.0),
    }
}
