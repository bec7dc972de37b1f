-- One story in many papers: why articles share a story_id, and the agency that a story names.

-- Pairs of articles that were found alike, each told both ways.
create table story_links (
  article_id integer not null,
  other_id   integer not null,
  runs       integer not null check (runs >= 0),
  share      real not null check (share between 0 and 1),
  primary key (article_id, other_id)
) strict, without rowid;

-- Private: prints of the newest version's text, by which articles that may be alike are found.
create table story_prints (
  print      integer not null,
  article_id integer not null,
  primary key (print, article_id)
) strict, without rowid;

-- Private: articles whose texts were never compared: those that were here before this.
create table story_backlog (
  article_id integer primary key
) strict;
insert into story_backlog (article_id) select id from articles;

alter table articles add column agency text;
alter table article_history add column agency text;

drop view article_changes;
drop view article_versions;
create view article_versions as
select id, site, url, canonical_url, title, subtitle, byline, authors, section, keywords, language,
       published_at, modified_at, first_seen_at, fetched_at, access, sponsored, word_count, text,
       lead_image, version, versions, extractor, rule_file, rule_sha256, memory_sha256,
       program_version, layout, quality, story_id, fetch_id, run_id, html_sha256, text_sha256, agency
  from articles
union all
select a.id, a.site, h.url, h.canonical_url, h.title, h.subtitle, h.byline, h.authors, h.section,
       h.keywords, h.language, h.published_at, h.modified_at, a.first_seen_at, h.fetched_at, h.access,
       h.sponsored, h.word_count, h.text, h.lead_image, h.version, a.versions, h.extractor,
       h.rule_file, h.rule_sha256, h.memory_sha256, h.program_version, h.layout, h.quality,
       a.story_id, h.fetch_id, h.run_id, h.html_sha256, h.text_sha256, h.agency
  from article_history h join articles a on a.id = h.article_id;
create view article_changes as
select n.id as article_id, n.version as version, n.fetched_at as changed_at,
       o.title as title_before, n.title as title_after,
       o.word_count as words_before, n.word_count as words_after
  from article_versions n
  join article_history o on o.article_id = n.id and o.version = n.version - 1;

-- Whoever deletes an article by hand leaves no story that names it.
create trigger articles_story_delete after delete on articles begin
  delete from story_links
   where other_id = old.id
     and article_id in (select other_id from story_links where article_id = old.id);
  delete from story_links where article_id = old.id;
  delete from story_backlog where article_id = old.id;
  update articles set story_id = (select min(id) from articles where story_id = old.id)
   where story_id = old.id;
end;
