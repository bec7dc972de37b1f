//! What a block is if it is not the story: a guess for the record of what was taken out, from its
//! own phrases and from what the elements around it call themselves.

use crate::article::Category;

use super::features::Sight;
use super::{place, wording};

/// Elements up to this many steps above a block speak for it.
const NEAR_STEPS: u8 = 3;

/// The likeliest category of a block that is not the story.
pub(super) fn category(sight: &Sight<'_, '_>, block: usize) -> Category {
    let told = wording::GROUPS
        .iter()
        .enumerate()
        .find(|(group, _)| sight.wording[block].phrases & (1 << group) != 0)
        .and_then(|(_, name)| of_phrase(name));
    let place = &sight.places.containers[sight.places.of_block[block]];
    let near = || {
        place::GROUPS
            .iter()
            .zip(&place.words)
            .filter(|(_, steps)| **steps <= NEAR_STEPS)
            .filter_map(|(name, steps)| Some((*steps, of_word(name)?)))
            .min_by_key(|(steps, _)| *steps)
            .map(|(_, category)| category)
    };
    let linked = || (sight.link_share(block) > 0.5).then_some(Category::Related);
    told.or_else(near).or_else(linked).unwrap_or(Category::Other)
}

fn of_phrase(group: &str) -> Option<Category> {
    Some(match group {
        "related" => Category::Related,
        "newsletter" => Category::Newsletter,
        "share" => Category::Social,
        "photo" => Category::Caption,
        "legal" => Category::Legal,
        "comments" => Category::Comments,
        "advert" => Category::Advert,
        "byline" | "author" => Category::Byline,
        "tags" => Category::Navigation,
        "donate" => Category::Donation,
        _ => return None,
    })
}

fn of_word(group: &str) -> Option<Category> {
    Some(match group {
        "related" | "teaser" | "sidebar" => Category::Related,
        "share" => Category::Social,
        "comments" => Category::Comments,
        "navigation" | "tags" | "search" => Category::Navigation,
        "footer" => Category::Legal,
        "newsletter" => Category::Newsletter,
        "paywall" => Category::Paywall,
        "advert" => Category::Advert,
        "caption" => Category::Caption,
        "gallery" => Category::Gallery,
        "media" => Category::Embed,
        "byline" | "meta" => Category::Byline,
        "modal" => Category::Modal,
        _ => return None,
    })
}
