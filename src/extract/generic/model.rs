//! The learned part: two small gradient-boosted forests over block features, read from
//! `data/model/blocks.txt`. Owns reading and running them; `data/model/train.py` makes them.

use std::sync::LazyLock;

const FILE: &str = include_str!("../../../data/model/blocks.txt");

/// The forests of the program: what is believed of a block by itself, and with its neighbours.
pub(super) static FORESTS: LazyLock<[Forest; 2]> =
    LazyLock::new(|| read(FILE).expect("a data file of the program's own, read whole by a test"));

/// Rows that are judged at once: as many as fit the machine's vectors a few times.
const LANES: usize = 8;
/// One bit for each leaf of a tree: trees have no more leaves than this holds.
type Leaves = u32;

/// An inner node: a row goes left where the feature's value is at most the threshold, and right
/// otherwise; then the leaves on the left are not its.
#[derive(Debug, Clone, Copy)]
struct Node {
    feature: u16,
    threshold: f32,
    /// All leaves but those on the left.
    right: Leaves,
}

/// Leaves from left to right: of those that no node takes away, the first is the row's.
#[derive(Debug, Default)]
struct Tree {
    nodes: Vec<Node>,
    leaves: Vec<f32>,
}

/// A forest: the sum of its trees' leaves, as log odds, for one row of features.
#[derive(Debug, Default)]
pub(super) struct Forest {
    /// Names of the features, in their order.
    pub(super) features: Vec<String>,
    trees: Vec<Tree>,
}

impl Forest {
    /// Beliefs, 0 to 1, that the block of each of these rows is part of the story.
    ///
    /// A tree asks all its nodes of several rows at once, and follows no path: which way a row would
    /// go can hardly be foretold, and a wrong guess costs more than all the questions.
    pub(super) fn beliefs(&self, rows: &[f32]) -> impl Iterator<Item = f32> {
        let width = self.features.len().max(1);
        let mut columns = vec![[0.0; LANES]; width];
        rows.chunks(width * LANES).flat_map(move |rows| {
            for (lane, row) in rows.chunks_exact(width).enumerate() {
                for (column, value) in columns.iter_mut().zip(row) {
                    column[lane] = *value;
                }
            }
            let mut odds = [0.0; LANES];
            for tree in &self.trees {
                tree.add_to(&mut odds, &columns);
            }
            odds.map(|odds: f32| 1.0 / (1.0 + (-odds).exp()))
                .into_iter()
                .take(rows.len() / width)
        })
    }
}

impl Tree {
    fn add_to(&self, odds: &mut [f32; LANES], columns: &[[f32; LANES]]) {
        for (odds, left) in odds.iter_mut().zip(self.left(columns)) {
            *odds += self.leaves[left.trailing_zeros() as usize];
        }
    }

    /// The leaves that are left to each row. Inlined, the compiler would take the rows apart again, and
    /// this is where the time goes.
    #[inline(never)]
    fn left(&self, columns: &[[f32; LANES]]) -> [Leaves; LANES] {
        let mut left = [Leaves::MAX; LANES];
        for node in &self.nodes {
            let values = columns[usize::from(node.feature)];
            let stays = values.map(|value| Leaves::from(value <= node.threshold).wrapping_neg());
            for (left, stays) in left.iter_mut().zip(stays) {
                *left &= stays | node.right;
            }
        }
        left
    }
}

/// A node as the file has it. A child below zero is the leaf of that number's complement.
struct Written {
    feature: u16,
    threshold: f32,
    left: i16,
    right: i16,
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
        let nodes = line
            .split_whitespace()
            .map(node)
            .collect::<Option<Vec<Written>>>()?;
        let leaves = lines
            .next()?
            .split(' ')
            .map(|v| v.parse().ok())
            .collect::<Option<Vec<f32>>>()?;
        let forest = forests.last_mut()?;
        let known = |node: &Written| usize::from(node.feature) < forest.features.len();
        if leaves.len() > Leaves::BITS as usize || !nodes.iter().all(known) {
            return None;
        }
        let mut tree = Tree::default();
        let root = if nodes.is_empty() { -1 } else { 0 };
        tree.grow(&nodes, &leaves, root)?;
        forest.trees.push(tree);
    }
    forests.try_into().ok()
}

impl Tree {
    /// Adds what is below `at`, from left to right.
    fn grow(&mut self, nodes: &[Written], leaves: &[f32], at: i16) -> Option<()> {
        if at < 0 {
            self.leaves.push(*leaves.get(usize::from(!at as u16))?);
            return Some(());
        }
        // Children come after their parents in the file, so this ends.
        let node = nodes.get(usize::from(at as u16))?;
        let own = self.nodes.len();
        self.nodes.push(Node {
            feature: node.feature,
            threshold: node.threshold,
            right: Leaves::MAX,
        });
        let below = |child: i16| (child < 0 || child > at).then_some(child);
        let first = self.leaves.len();
        self.grow(nodes, leaves, below(node.left)?)?;
        for leaf in first..self.leaves.len() {
            self.nodes[own].right &= !Leaves::checked_shl(1, leaf as u32)?;
        }
        self.grow(nodes, leaves, below(node.right)?)
    }
}

fn node(text: &str) -> Option<Written> {
    let mut parts = text.split(':');
    Some(Written {
        feature: parts.next()?.parse().ok()?,
        threshold: parts.next()?.parse().ok()?,
        left: parts.next()?.parse().ok()?,
        right: parts.next()?.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_row_gets_the_leaf_that_its_path_leads_to_and_trees_add_up() {
        let file = "forest a b\n0:1:1:2 1:5:-1:-3 1:9:-2:-4\n1 2 4 8\n\n-1\nforest a\n\n0\n";
        let [forest, none] = read(file).unwrap();
        let odds = |belief: f32| (belief / (1.0 - belief)).ln().round();
        let rows = [[1.0, 5.0], [0.0, 6.0], [2.0, 9.0], [2.0, 10.0], [f32::NAN, 9.0]];
        let many: Vec<f32> = rows.iter().cycle().take(12).copied().flatten().collect();
        let found: Vec<f32> = forest.beliefs(&many).map(odds).collect();
        assert_eq!(
            found,
            [0.0, 3.0, 1.0, 7.0, 1.0, 0.0, 3.0, 1.0, 7.0, 1.0, 0.0, 3.0]
        );
        assert_eq!(none.beliefs(&[3.0]).collect::<Vec<_>>(), [0.5]);
    }
}
