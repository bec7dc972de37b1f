//! The second look: what first beliefs say of a block's neighbours, its likes and the elements
//! around it. Owns these features; the first look's are `features`'.

use super::features::{AFTER, BEFORE, Sight, Table, share};

/// Puts down what first beliefs say of a block and of what stands around it.
pub(super) fn reconsider(table: &mut Table, sight: &Sight<'_, '_>, first: &Beliefs, block: usize) {
    let at = |i: Option<usize>| i.and_then(|i| first.belief.get(i)).copied().unwrap_or(-0.1);
    table.put("belief", first.belief[block]);
    for step in 1..=3 {
        table.part("belief", BEFORE[step - 1], at(block.checked_sub(step)));
        table.part("belief", AFTER[step - 1], at(Some(block + step)));
    }
    let places = &sight.places;
    let own = &places.containers[places.of_block[block]];
    let shape = &first.shapes[own.shape];
    table.put("belief:shape", share(shape.0, shape.1));
    table.put("belief:shape-of-page", share(shape.0, first.mass));
    for (steps, family) in [
        (1, "belief:parent"),
        (2, "belief:grandparent"),
        (3, "belief:great"),
        (4, "belief:fourth"),
    ] {
        let sum = &first.containers[places.above(block, steps)];
        table.part(family, "mean", share(sum.0, sum.1));
        table.part(family, "of-page", share(sum.0, first.mass));
    }
    table.put("belief:before", share(first.before[block], first.mass));
    table.put(
        "belief:after",
        share(
            first.mass - first.before[block] - first.belief[block] * sight.chars(block),
            first.mass,
        ),
    );
    // How far up the story's own container is.
    let mut steps = 0;
    let mut up = places.of_block[block];
    while !first.on_path[up] {
        match places.containers[up].parent {
            Some(parent) => up = parent,
            None => break,
        }
        steps += 1;
    }
    table.put("belief:steps-off", steps as f32);
    table.put(
        "belief:depth-off",
        f32::from(places.containers[up].depth) - f32::from(places.containers[first.body].depth),
    );
    let from_first = block as f32 - first.first as f32;
    let to_last = first.last as f32 - block as f32;
    table.put("belief:since-first", from_first.clamp(-60.0, 100.0));
    table.put("belief:until-last", to_last.clamp(-60.0, 100.0));
    table.flag("belief:main-shape", own.shape == first.main_shape);
}

/// First beliefs, with their sums over the tree.
pub(super) struct Beliefs {
    pub(super) belief: Vec<f32>,
    mass: f32,
    before: Vec<f32>,
    /// Believed and all characters, by shape and by container.
    shapes: Vec<(f32, f32)>,
    containers: Vec<(f32, f32)>,
    /// Lowest container that holds most of what is believed.
    body: usize,
    on_path: Vec<bool>,
    first: usize,
    last: usize,
    main_shape: usize,
}

/// Share of the believed text that the story's container holds.
const BODY_SHARE: f32 = 0.8;

impl Beliefs {
    /// Sums up what is believed of each block.
    pub(super) fn new(sight: &Sight<'_, '_>, belief: Vec<f32>) -> Self {
        let places = &sight.places;
        let mut shapes = vec![(0.0, 0.0); places.shapes.len()];
        let mut containers = vec![(0.0, 0.0); places.containers.len()];
        let mut before = Vec::with_capacity(belief.len());
        let mut mass = 0.0;
        for (block, b) in belief.iter().enumerate() {
            before.push(mass);
            let chars = sight.chars(block);
            mass += b * chars;
            let at = places.of_block[block];
            for sum in [&mut shapes[places.containers[at].shape], &mut containers[at]] {
                sum.0 += b * chars;
                sum.1 += chars;
            }
        }
        for at in (1..containers.len()).rev() {
            if let Some(parent) = places.containers[at].parent {
                let sum: (f32, f32) = containers[at];
                containers[parent].0 += sum.0;
                containers[parent].1 += sum.1;
            }
        }
        // Inner containers come after outer ones: the last that holds enough is the lowest.
        let body = (0..containers.len())
            .rev()
            .find(|&c| containers[c].0 >= BODY_SHARE * mass)
            .unwrap_or(0);
        let mut on_path = vec![false; containers.len()];
        let mut up = Some(body);
        while let Some(at) = up {
            on_path[at] = true;
            up = places.containers[at].parent;
        }
        let believed = |i: &usize| belief[*i] > 0.5 && sight.wording[*i].words >= 8;
        let first = (0..belief.len()).find(believed).unwrap_or(0);
        let last = (0..belief.len()).rev().find(believed).unwrap_or(belief.len());
        let mut main_shape = 0;
        for (shape, sum) in shapes.iter().enumerate() {
            if sum.0 > shapes[main_shape].0 {
                main_shape = shape;
            }
        }
        Self {
            belief,
            mass,
            before,
            shapes,
            containers,
            body,
            on_path,
            first,
            last,
            main_shape,
        }
    }
}
