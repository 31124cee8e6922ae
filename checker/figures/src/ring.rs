//! A ring with its nodes and some keys.

use std::f64::consts::TAU;

use hash_ring::HashRing;

use crate::svg::{self, NODES};
use crate::{owners, probe, runs};

const MEMBERS: [&str; 5] = ["node-0", "node-1", "node-2", "node-3", "node-4"];
const KEYS: [&str; 4] = ["user-1", "user-2", "user-3", "user-12"];
const SAMPLES: u64 = 3_600;
const CENTRE: (f64, f64) = (320.0, 210.0);
const RADIUS: f64 = 130.0;

pub(crate) fn draw() -> String {
    let mut ring = HashRing::with_hash(probe);
    for node in MEMBERS {
        ring.add(node);
    }
    let mut body = String::new();
    for (start, end, node) in runs(&owners(SAMPLES, &MEMBERS, |key| ring.node_for(key))) {
        let turn = |sample: usize| sample as f64 / SAMPLES as f64;
        body += &arc(turn(start), turn(end), NODES[node]);
    }
    for (number, node) in MEMBERS.iter().enumerate() {
        body += &label(number, node);
    }
    for key in KEYS {
        let turn = turn_of(key);
        let (x, y) = at(turn, RADIUS - 30.0);
        let owner = ring.node_for(key.as_bytes());
        let owner = MEMBERS.iter().position(|node| Some(*node) == owner);
        let colour = owner.map_or("#000", |owner| NODES[owner]);
        body += &format!("<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4\" fill=\"{colour}\"/>\n");
        let (x, y) = at(turn, RADIUS - 58.0);
        body += &svg::text(x, y + 4.0, "middle", "small", key);
    }
    let (x, y) = CENTRE;
    body += &svg::text(x, y, "middle", "", "clockwise");
    body += &svg::text(x, y + 16.0, "middle", "small", "0 is at the top");
    let title = "Five nodes on a ring; each owns the arc that ends at its point, and keys have the \
                 colour of their node";
    body += &svg::text(
        x,
        408.0,
        "middle",
        "small",
        "A node owns the arc that ends at its point. Keys have the colour of their node.",
    );
    svg::picture(640, 420, title, &body)
}

fn turn_of(name: &str) -> f64 {
    probe(name.as_bytes()) as f64 / u64::MAX as f64
}

/// A place at that part of a turn, clockwise from the top.
fn at(turn: f64, radius: f64) -> (f64, f64) {
    let (sin, cos) = (turn * TAU).sin_cos();
    (CENTRE.0 + radius * sin, CENTRE.1 - radius * cos)
}

fn arc(from: f64, to: f64, colour: &str) -> String {
    let ((x, y), (end_x, end_y)) = (at(from, RADIUS), at(to, RADIUS));
    let large = u8::from(to - from > 0.5);
    format!(
        "<path d=\"M{x:.1} {y:.1} A{RADIUS} {RADIUS} 0 {large} 1 {end_x:.1} {end_y:.1}\" \
         stroke=\"{colour}\" stroke-width=\"22\" fill=\"none\"/>\n"
    )
}

/// The point of a node, and its name beside it.
fn label(number: usize, node: &str) -> String {
    let turn = turn_of(node);
    let ((x, y), (end_x, end_y)) = (at(turn, RADIUS - 16.0), at(turn, RADIUS + 20.0));
    let line = format!(
        "<line x1=\"{x:.1}\" y1=\"{y:.1}\" x2=\"{end_x:.1}\" y2=\"{end_y:.1}\" stroke=\"{}\" stroke-width=\"4\"/>\n",
        NODES[number]
    );
    let (x, y) = at(turn, RADIUS + 30.0);
    let anchor = if x < CENTRE.0 { "end" } else { "start" };
    line + &svg::text(x, y + 4.0, anchor, "", node)
}
