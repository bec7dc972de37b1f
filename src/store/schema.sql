-- The first schema. Append-only: what changes later is a further migration, never an edit here.
-- Nothing newer than SQLite 3.40, which many clients still have. Every name is explained in
-- docs/database.md.

create table runs (
  id              integer primary key,
  started_at      text not null check (started_at glob '????-??-??T??:??:??Z'),
  finished_at     text check (finished_at glob '????-??-??T??:??:??Z'),
  interrupted     integer not null default 0 check (interrupted in (0, 1)),
  command         text not null,
  program_version text not null,
  outcomes        text not null default '{}' check (json_valid(outcomes)),
  exit_code       integer
) strict;

create table bodies (
  sha256 text primary key check (length(sha256) = 64),
  codec  text not null check (codec in ('raw', 'zstd')),
  length integer not null check (length >= 0),
  bytes  blob not null
) strict;

create table fetches (
  id             integer primary key,
  run_id         integer not null references runs(id),
  url            text not null,
  final_url      text not null,
  redirects      text not null default '[]' check (json_valid(redirects)),
  status         integer,
  headers        text not null default '{}' check (json_valid(headers)),
  charset        text,
  charset_source text,
  fetched_at     text not null check (fetched_at glob '????-??-??T??:??:??Z'),
  duration_ms    integer not null check (duration_ms >= 0),
  bytes          integer not null check (bytes >= 0),
  body_sha256    text,
  error          text
) strict;
create index fetches_run on fetches(run_id);
create index fetches_url on fetches(url);

create table articles (
  id              integer primary key,
  site            text not null,
  url             text not null unique,
  canonical_url   text,
  title           text,
  subtitle        text,
  byline          text,
  authors         text not null check (json_valid(authors)),
  section         text,
  keywords        text not null check (json_valid(keywords)),
  language        text,
  published_at    text check (published_at glob '????-??-??' or published_at glob '????-??-??T??:??:??Z'),
  modified_at     text check (modified_at glob '????-??-??' or modified_at glob '????-??-??T??:??:??Z'),
  first_seen_at   text not null check (first_seen_at glob '????-??-??T??:??:??Z'),
  fetched_at      text not null check (fetched_at glob '????-??-??T??:??:??Z'),
  access          text not null check (access in ('free', 'metered', 'paywalled', 'unknown')),
  sponsored       integer not null check (sponsored in (0, 1)),
  word_count      integer not null check (word_count >= 0),
  text            text not null,
  lead_image      text,
  version         integer not null check (version >= 1),
  versions        integer not null check (versions = version),
  extractor       text not null check (extractor in ('rules', 'generic')),
  rule_file       text,
  rule_sha256     text not null,
  memory_sha256   text,
  program_version text not null,
  layout          text,
  quality         real not null check (quality between 0 and 1),
  story_id        integer references articles(id),
  fetch_id        integer references fetches(id),
  run_id          integer not null references runs(id),
  html_sha256     text not null references bodies(sha256),
  text_sha256     text not null
) strict;
create index articles_site_published on articles(site, published_at);
create index articles_site_seen on articles(site, first_seen_at);
create index articles_published on articles(published_at);
create index articles_html on articles(html_sha256);
create index articles_text on articles(text_sha256);
create index articles_story on articles(story_id);
create index articles_run on articles(run_id);

-- Versions that a newer one replaced. What all versions share stays in `articles`.
create table article_history (
  article_id      integer not null references articles(id),
  version         integer not null check (version >= 1),
  url             text not null,
  canonical_url   text,
  title           text,
  subtitle        text,
  byline          text,
  authors         text not null check (json_valid(authors)),
  section         text,
  keywords        text not null check (json_valid(keywords)),
  language        text,
  published_at    text,
  modified_at     text,
  fetched_at      text not null,
  access          text not null,
  sponsored       integer not null,
  word_count      integer not null,
  text            text not null,
  lead_image      text,
  extractor       text not null,
  rule_file       text,
  rule_sha256     text not null,
  memory_sha256   text,
  program_version text not null,
  layout          text,
  quality         real not null,
  fetch_id        integer references fetches(id),
  run_id          integer not null references runs(id),
  html_sha256     text not null references bodies(sha256),
  text_sha256     text not null,
  unique (article_id, version)
) strict;

create index article_history_run on article_history(run_id);

create view article_versions as
select id, site, url, canonical_url, title, subtitle, byline, authors, section, keywords, language,
       published_at, modified_at, first_seen_at, fetched_at, access, sponsored, word_count, text,
       lead_image, version, versions, extractor, rule_file, rule_sha256, memory_sha256,
       program_version, layout, quality, story_id, fetch_id, run_id, html_sha256, text_sha256
  from articles
union all
select a.id, a.site, h.url, h.canonical_url, h.title, h.subtitle, h.byline, h.authors, h.section,
       h.keywords, h.language, h.published_at, h.modified_at, a.first_seen_at, h.fetched_at, h.access,
       h.sponsored, h.word_count, h.text, h.lead_image, h.version, a.versions, h.extractor,
       h.rule_file, h.rule_sha256, h.memory_sha256, h.program_version, h.layout, h.quality,
       a.story_id, h.fetch_id, h.run_id, h.html_sha256, h.text_sha256
  from article_history h join articles a on a.id = h.article_id;

create view article_changes as
select n.id as article_id, n.version as version, n.fetched_at as changed_at,
       o.title as title_before, n.title as title_after,
       o.word_count as words_before, n.word_count as words_after
  from article_versions n
  join article_history o on o.article_id = n.id and o.version = n.version - 1;

create table extractions (
  article_id    integer not null references articles(id),
  version       integer not null,
  n             integer not null check (n >= 1),
  at            text not null check (at glob '????-??-??T??:??:??Z'),
  rule_sha256   text not null,
  memory_sha256 text,
  text          text not null,
  unique (article_id, version, n)
) strict;

create table removed (
  article_id integer not null references articles(id),
  version    integer not null,
  n          integer not null check (n >= 0),
  position   integer not null check (position >= 0),
  category   text not null check (category in ('modal', 'gallery', 'donation', 'newsletter', 'related',
               'advert', 'social', 'comments', 'caption', 'byline', 'navigation', 'consent', 'paywall',
               'legal', 'embed', 'repeated', 'other')),
  rule       text not null,
  pattern    text not null,
  path       text not null,
  text       text not null,
  chars      integer not null check (chars >= 0),
  unique (article_id, version, n)
) strict;
create index removed_rule on removed(rule);

create table images (
  article_id integer not null references articles(id),
  version    integer not null,
  position   integer not null check (position >= 0),
  url        text not null,
  caption    text,
  credit     text,
  alt        text,
  unique (article_id, version, position)
) strict;

create table fields (
  article_id integer not null references articles(id),
  version    integer not null,
  n          integer not null check (n >= 0),
  field      text not null,
  value      text not null,
  source     text not null,
  unique (article_id, version, n)
) strict;

create table authors (
  article_id integer not null references articles(id),
  position   integer not null check (position >= 0),
  name       text not null,
  unique (article_id, position)
) strict;
create index authors_name on authors(name);

create table keywords (
  article_id integer not null references articles(id),
  position   integer not null check (position >= 0),
  term       text not null,
  unique (article_id, position)
) strict;
create index keywords_term on keywords(term);

create table pages (
  id               integer primary key,
  url              text not null unique,
  site             text,
  kind             text not null check (kind in ('robots', 'sitemap', 'feed', 'section', 'article')),
  outcome          text check (outcome in ('stored', 'unchanged', 'paywall-teaser', 'redirected',
                     'duplicate', 'not-article', 'consent-wall', 'bot-challenge', 'soft-404', 'empty',
                     'opted-out', 'robots-denied', 'gone', 'too-large', 'not-html', 'failed')),
  reason           text,
  article_id       integer references articles(id),
  discovered_from  text,
  discovered_at    text not null check (discovered_at glob '????-??-??T??:??:??Z'),
  last_fetched_at  text check (last_fetched_at glob '????-??-??T??:??:??Z'),
  next_visit_at    text check (next_visit_at glob '????-??-??T??:??:??Z'),
  attempts         integer not null default 0 check (attempts >= 0),
  etag             text,
  last_modified    text,
  last_body_sha256 text,
  listed_published text,
  listed_lastmod   text
) strict;
create index pages_due on pages(site, next_visit_at) where outcome is not null and next_visit_at is not null;
-- Serves the queue (outcome null, in the order of id) and the counts by outcome alike.
create index pages_site_outcome on pages(site, outcome);
create index pages_article on pages(article_id);

create table site_health (
  site          text primary key,
  last_run_at   text not null check (last_run_at glob '????-??-??T??:??:??Z'),
  articles      integer not null check (articles >= 0),
  layouts       text not null default '{}' check (json_valid(layouts)),
  generic_share real,
  median_words  integer,
  removed_share real,
  failures      integer not null check (failures >= 0),
  drift_since   text check (drift_since glob '????-??-??T??:??:??Z')
) strict;

-- Private: the last robots.txt of each origin.
create table robots (
  origin     text primary key,
  fetched_at text not null check (fetched_at glob '????-??-??T??:??:??Z'),
  status     integer,
  body       blob not null
) strict;

-- Private: the snapshot of recurring blocks of each site.
create table memory (
  site     text primary key,
  sha256   text not null,
  built_at text not null check (built_at glob '????-??-??T??:??:??Z'),
  run_id   integer not null references runs(id),
  snapshot text not null check (json_valid(snapshot))
) strict;

create virtual table articles_fts using fts5(
  title, subtitle, text,
  content = 'articles', content_rowid = 'id', tokenize = 'unicode61 remove_diacritics 2'
);

-- Triggers, not the writer, keep the index in step: so no statement can forget it, and whoever
-- deletes an article by hand keeps a sound file.
create trigger articles_fts_insert after insert on articles begin
  insert into articles_fts(rowid, title, subtitle, text)
  values (new.id, new.title, new.subtitle, new.text);
end;
create trigger articles_fts_delete after delete on articles begin
  insert into articles_fts(articles_fts, rowid, title, subtitle, text)
  values ('delete', old.id, old.title, old.subtitle, old.text);
end;
create trigger articles_fts_update after update of id, title, subtitle, text on articles begin
  insert into articles_fts(articles_fts, rowid, title, subtitle, text)
  values ('delete', old.id, old.title, old.subtitle, old.text);
  insert into articles_fts(rowid, title, subtitle, text)
  values (new.id, new.title, new.subtitle, new.text);
end;
