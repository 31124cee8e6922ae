//! Counterexamples and verdicts for a browser, as self-contained SVG and HTML.
//!
//! [`layout`] decides what stands where, [`svg`](fn@svg) draws it, and
//! [`page`](fn@page) puts the verdict around it. Nothing here needs a script or a
//! network; colours follow the reader's light or dark setting.

mod layout;
mod page;
mod svg;

pub use page::{page, swimlanes};
pub use svg::{Extent, style, svg};
