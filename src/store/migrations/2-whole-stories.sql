-- Stories over several pages, one article under many addresses, and what a page says of opting out.

-- The further pages a version was read from; the first one is the version's own body.
create table article_pages (
  article_id  integer not null references articles(id),
  version     integer not null check (version >= 1),
  n           integer not null check (n >= 2),
  url         text not null,
  fetch_id    integer references fetches(id),
  html_sha256 text not null references bodies(sha256),
  unique (article_id, version, n)
) strict;
create index article_pages_html on article_pages(html_sha256);

-- Another address of a stored article is found by these.
create index articles_site_canonical on articles(site, canonical_url);
create index articles_site_title on articles(site, title);

-- What a page, or its site, says of being kept and mined by machines.
create table opt_outs (
  url     text not null,
  n       integer not null check (n >= 0),
  source  text not null,
  value   text not null,
  refuses integer not null check (refuses in (0, 1)),
  seen_at text not null check (seen_at glob '????-??-??T??:??:??Z'),
  unique (url, n)
) strict;

-- Private: the last tdmrep.json of each origin; an empty body: there is none.
create table tdmrep (
  origin     text primary key,
  fetched_at text not null check (fetched_at glob '????-??-??T??:??:??Z'),
  body       blob not null
) strict;
