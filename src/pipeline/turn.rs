//! A site's turn from beginning to end, the same for `crawl` and `watch`: the crawl of the site, then
//! what is kept of it: memory, health, its place in the schedule. Owns that order.

use std::collections::HashSet;
use std::sync::Arc;

use jiff::Timestamp;

use crate::sites::rule::Site;
use crate::store::{ListingDue, ScheduleRow};

use super::crawl::CrawlError;
use super::desk::{Desk, gist};
use super::meter::{Enough, EnoughKind};
use super::summary::SiteSummary;
use super::{memory, schedule, site};

/// What a turn leaves for the next one.
#[derive(Debug, Clone, Default)]
pub(super) struct After {
    /// Hosts and origins that were left alone.
    pub(super) left_alone: HashSet<String>,
    /// When the listings that were asked are due again.
    pub(super) listings: Vec<ListingDue>,
    /// When the first of all listings is.
    pub(super) next_listing: Option<Timestamp>,
    /// What ended it early.
    pub(super) enough: Option<Enough>,
    /// Its rules have ceased to fit.
    pub(super) drifted: bool,
    /// When the site's next turn is due.
    pub(super) next_turn: Option<Timestamp>,
}

/// Takes a site's turn.
///
/// # Errors
/// When the database fails.
pub(super) async fn take(desk: Arc<Desk>, site: Arc<Site>) -> Result<SiteSummary, CrawlError> {
    let before = desk.reader()?.schedule(&site.id)?;
    let mut summary = site::crawl(&desk, &site).await?;
    (summary.requests, summary.bytes) = desk.fetcher.taken();
    // A look that leaves nothing behind is no turn.
    if desk.settings.dry_run {
        return Ok(summary);
    }
    let interrupted = desk.stop.is_asked();
    // Nothing new means nothing to learn; a turn cut short keeps its predecessor's memory.
    if !interrupted && summary.new_articles + summary.revised > 0 {
        let (at_desk, id) = (desk.clone(), site.id.clone());
        let learned = tokio::task::spawn_blocking(move || {
            memory::learn(&*at_desk.reader()?, &id, at_desk.run_id, at_desk.clock.now())
        });
        let memory = learned
            .await
            .map_err(|_| CrawlError::Internal("learning a site's memory failed"))??;
        desk.writer.save_memory(memory).await?;
    }
    let health = summary
        .tally
        .clone()
        .row(&*desk.reader()?, &site.id, desk.clock.now())?;
    if let Some(since) = health.drift_since {
        summary.after.drifted = true;
        let warning = format!(
            "its rules have ceased to fit, since {}; copydesk sites health says how",
            since.strftime("%Y-%m-%d")
        );
        if !desk.has_said(&warning) {
            tracing::warn!("{}: {warning}", site.id);
        }
        summary.warnings.push(warning);
    }
    desk.writer.update_health(vec![health]).await?;
    let row = place(&desk, &site, before, &summary, interrupted)?;
    summary.after.next_turn = Some(row.next_turn_at);
    let listings = std::mem::take(&mut summary.after.listings);
    desk.writer.end_turn(row, listings).await?;
    Ok(summary)
}

/// What need not be said of a site again as long as it stays so.
pub(super) fn said(summary: &SiteSummary) -> HashSet<String> {
    let all = summary.warnings.iter().chain(&summary.failed);
    all.map(|words| gist(words)).collect()
}

/// The site's place in the schedule after this turn.
fn place(
    desk: &Desk,
    site: &Site,
    before: Option<ScheduleRow>,
    summary: &SiteSummary,
    interrupted: bool,
) -> Result<ScheduleRow, CrawlError> {
    let now = desk.clock.now();
    let mut row = before.unwrap_or_else(|| ScheduleRow {
        site: site.id.clone(),
        last_turn_at: desk.started,
        last_success_at: None,
        next_turn_at: now,
        failing_since: None,
        failed_turns: 0,
        failure: None,
        stopped_by: None,
    });
    row.last_turn_at = desk.started;
    row.stopped_by.clone_from(&summary.stopped_by);
    let enough = summary.after.enough.as_ref();
    if interrupted || enough.is_some_and(|e| e.kind != EnoughKind::Site) {
        // It says nothing of the site, which goes on as soon as it may.
        row.next_turn_at = now;
        return Ok(row);
    }
    match &summary.failed {
        Some(reason) => {
            row.failing_since = row.failing_since.or(Some(desk.started));
            row.failed_turns += 1;
            row.failure = Some(reason.clone());
        }
        None => {
            if let Some(since) = row.failing_since.take() {
                let words = format!(
                    "{}: answers again; it had failed since {}",
                    site.id,
                    since.strftime("%Y-%m-%d %H:%M UTC")
                );
                if desk.obeys_schedule {
                    tracing::warn!("{words}");
                } else {
                    tracing::info!("{words}");
                }
            }
            row.last_success_at = Some(desk.started);
            row.failed_turns = 0;
            row.failure = None;
        }
    }
    // What was due before the turn and is still waits for a reason, and for the listings.
    let stories = desk.reader()?.next_visit(&site.id, desk.started)?;
    row.next_turn_at = schedule::next_turn(
        now,
        schedule::every(site),
        row.failed_turns,
        summary.after.next_listing,
        stories,
    );
    Ok(row)
}
