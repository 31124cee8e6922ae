//! The little of SVG that the pictures need. Colours of nodes are read well on white and
//! on black; text and lines follow the reader's scheme.

/// One colour per node, also told apart by people who do not see all of them.
pub(crate) const NODES: [&str; 6] = [
    "#4477aa", "#ee6677", "#228833", "#ccbb44", "#66aacc", "#aa3377",
];

/// A picture of that size, with a title for those who do not see it.
pub(crate) fn picture(width: u32, height: u32, title: &str, body: &str) -> String {
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
         width=\"{width}\" height=\"{height}\" role=\"img\" aria-label=\"{title}\">\n\
         <style>\n\
         text {{ font: 13px system-ui, sans-serif; fill: #222; }}\n\
         .small {{ font-size: 11px; fill: #555; }}\n\
         .line {{ stroke: #777; fill: none; }}\n\
         .rest {{ fill: #d5d5d5; }}\n\
         @media (prefers-color-scheme: dark) {{\n\
         text {{ fill: #ddd; }} .small {{ fill: #aaa; }} .line {{ stroke: #999; }} .rest {{ fill: #444; }}\n\
         }}\n\
         </style>\n{body}</svg>\n"
    )
}

/// Text that begins, is centred or ends at a place; `anchor` is SVG's.
pub(crate) fn text(x: f64, y: f64, anchor: &str, class: &str, text: &str) -> String {
    format!(
        "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\" class=\"{class}\">{text}</text>\n"
    )
}

/// A filled rectangle.
pub(crate) fn bar(x: f64, y: f64, width: f64, height: f64, paint: &str) -> String {
    format!(
        "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" {paint}/>\n"
    )
}

/// The attribute that fills with a node's colour.
pub(crate) fn fill(node: usize) -> String {
    format!("fill=\"{}\"", NODES[node % NODES.len()])
}
