//! Plots as SVG.

use std::error::Error;

use plotters::prelude::*;

use crate::SHAPES;
use crate::sample::Sample;

/// A plot: what stands on its upright axis, against the number of servers.
pub(crate) struct Plot {
    pub(crate) file: &'static str,
    title: &'static str,
    value: fn(&Sample) -> f64,
}

impl Plot {
    pub(crate) const ALL: [Self; 4] = [
        Self {
            file: "copies.svg",
            title: "Copies of an update, for each server",
            value: |it| it.copies / it.servers as f64,
        },
        Self { file: "time.svg", title: "Milliseconds until all servers have it (1 ms a link)", value: |it| it.millis },
        Self { file: "bytes.svg", title: "Bytes of an update, on all links together", value: |it| it.bytes },
        Self {
            file: "rest.svg",
            title: "Bytes a second of a herd at rest, on all links together",
            value: |it| it.rest,
        },
    ];

    /// The plot, both axes logarithmic.
    pub(crate) fn draw(&self, samples: &[Vec<Sample>]) -> Result<String, Box<dyn Error>> {
        let values = || samples.iter().flatten().map(self.value);
        let (low, high) = (values().fold(f64::MAX, f64::min), values().fold(0.0, f64::max));
        let mut text = String::new();
        {
            let root = SVGBackend::with_string(&mut text, (640, 400)).into_drawing_area();
            root.fill(&WHITE)?;
            let mut chart = ChartBuilder::on(&root)
                .caption(self.title, ("sans-serif", 18))
                .margin(12)
                .x_label_area_size(40)
                .y_label_area_size(70)
                .build_cartesian_2d((4.0..6500.0).log_scale(), (low / 1.5..high * 1.5).log_scale())?;
            chart
                .configure_mesh()
                .x_desc("servers")
                .x_label_formatter(&|servers| format!("{servers:.0}"))
                .y_label_formatter(&|value| label(*value))
                .light_line_style(WHITE.mix(0.0))
                .draw()?;
            for ((name, _), (row, color)) in SHAPES.iter().zip(samples.iter().zip([RED, BLUE, RGBColor(0, 130, 60)])) {
                let points: Vec<(f64, f64)> = row.iter().map(|it| (it.servers as f64, (self.value)(it))).collect();
                chart
                    .draw_series(LineSeries::new(points.iter().copied(), color.stroke_width(2)))?
                    .label(*name)
                    .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], color.stroke_width(2)));
                chart.draw_series(points.into_iter().map(|point| Circle::new(point, 3, color.filled())))?;
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
