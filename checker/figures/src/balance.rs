//! How even the load is, by the number of virtual nodes.

use virtual_nodes::HashRing;

use crate::svg;

const NODES: usize = 10;
const KEYS: u32 = 100_000;
const POINTS: [(u32, &str); 4] = [
    (1, "1 point each"),
    (10, "10 points each"),
    (100, "100 points each"),
    (1_000, "1,000 points each"),
];
/// The height of the mean.
const MEAN: f64 = 60.0;
const PANEL: f64 = 160.0;
const BASE: f64 = 200.0;

pub(crate) fn draw() -> String {
    let mut body = String::new();
    for (panel, (points, caption)) in POINTS.into_iter().enumerate() {
        let left = 20.0 + panel as f64 * PANEL;
        let ratios = ratios(points);
        for (node, ratio) in ratios.iter().enumerate() {
            let height = ratio * MEAN;
            let x = left + node as f64 * 13.0;
            body += &svg::bar(x, BASE - height, 10.0, height, &svg::fill(0));
        }
        let (y, end) = (BASE - MEAN, left + 130.0);
        body += &format!(
            "<line x1=\"{left}\" y1=\"{y}\" x2=\"{end}\" y2=\"{y}\" class=\"line\" stroke-dasharray=\"4 3\"/>\n"
        );
        let most = ratios.iter().copied().fold(0.0, f64::max);
        let least = ratios.iter().copied().fold(f64::INFINITY, f64::min);
        body += &svg::text(left, BASE + 20.0, "start", "", caption);
        let range = format!("{least:.2} to {most:.2} of the mean");
        body += &svg::text(left, BASE + 36.0, "start", "small", &range);
    }
    body += &svg::text(
        20.0,
        20.0,
        "start",
        "",
        "Load of ten nodes, the fullest first; dashed: the mean",
    );
    let title = "The load of ten nodes with 1, 10, 100 and 1,000 points each";
    svg::picture(660, 250, title, &body)
}

/// The load of each node as a multiple of the mean, the greatest first.
fn ratios(points: u32) -> Vec<f64> {
    let mut ring = HashRing::new(points);
    for node in 0..NODES {
        ring.add(&format!("node-{node}"));
    }
    let load = ring.load((0..KEYS).map(u32::to_le_bytes));
    let mean = f64::from(KEYS) / NODES as f64;
    let mut ratios: Vec<f64> = load
        .into_values()
        .map(|count| count as f64 / mean)
        .collect();
    ratios.sort_by(|one, other| other.total_cmp(one));
    ratios
}
