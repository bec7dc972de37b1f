//! The learned part: two small gradient-boosted forests over block features, read from
//! `data/model/blocks.txt`. Owns reading and running them; `data/model/train.py` makes them.

use std::sync::LazyLock;

const FILE: &str = include_str!("../../../data/model/blocks.txt");

/// The forests of the program: what is believed of a block by itself, and with its neighbours.
pub(super) static FORESTS: LazyLock<[Forest; 2]> =
    LazyLock::new(|| read(FILE).expect("a data file of the program's own, read whole by a test"));

/// An inner node: left where the feature's value is at most the threshold. A child below zero is
/// the leaf of that number's complement.
#[derive(Debug, Clone, Copy)]
struct Node {
    feature: u16,
    threshold: f32,
    left: i16,
    right: i16,
}

#[derive(Debug, Default)]
struct Tree {
    nodes: Vec<Node>,
    leaves: Vec<f32>,
}

/// A forest: the sum of its trees' leaves, as log odds, for one row of features.
#[derive(Debug, Default)]
pub(super) struct Forest {
    /// Names of the features, in their order.
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "a test compares them with the program's own")
    )]
    pub(super) features: Vec<String>,
    trees: Vec<Tree>,
}

impl Forest {
    /// Belief, 0 to 1, that the row's block is part of the story.
    pub(super) fn belief(&self, row: &[f32]) -> f32 {
        let odds: f32 = self.trees.iter().map(|t| t.value(row)).sum();
        1.0 / (1.0 + (-odds).exp())
    }
}

impl Tree {
    fn value(&self, row: &[f32]) -> f32 {
        let mut at: i16 = if self.nodes.is_empty() { -1 } else { 0 };
        while at >= 0 {
            let node = &self.nodes[at as usize];
            at = if row[usize::from(node.feature)] <= node.threshold {
                node.left
            } else {
                node.right
            };
        }
        self.leaves[!at as usize]
    }
}

/// Reads forests: `forest NAMES…` begins one; then for each tree a line of nodes
/// (`feature:threshold:left:right …`) and a line of leaves.
fn read(file: &str) -> Option<[Forest; 2]> {
    let mut forests: Vec<Forest> = Vec::new();
    let mut lines = file.lines().filter(|l| !l.starts_with("# ") && *l != "#");
    while let Some(line) = lines.next() {
        if let Some(names) = line.strip_prefix("forest ") {
            forests.push(Forest {
                features: names.split(' ').map(str::to_owned).collect(),
                trees: Vec::new(),
            });
            continue;
        }
        let nodes = line.split_whitespace().map(node).collect::<Option<Vec<Node>>>()?;
        let leaves = lines
            .next()?
            .split(' ')
            .map(|v| v.parse().ok())
            .collect::<Option<Vec<f32>>>()?;
        forests.last_mut()?.trees.push(Tree { nodes, leaves });
    }
    forests.try_into().ok()
}

fn node(text: &str) -> Option<Node> {
    let mut parts = text.split(':');
    Some(Node {
        feature: parts.next()?.parse().ok()?,
        threshold: parts.next()?.parse().ok()?,
        left: parts.next()?.parse().ok()?,
        right: parts.next()?.parse().ok()?,
    })
}
