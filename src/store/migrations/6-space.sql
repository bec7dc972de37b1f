-- What the archive takes: bodies packed with a dictionary of their site, and bodies that were pruned.

-- Some pages of a site, joined, packed as one zstd frame. Numbers are never used again, so that a reader
-- that holds a dictionary never takes another for it.
create table dictionaries (
  id      integer primary key autoincrement,
  site    text not null,
  made_at text not null check (made_at glob '????-??-??T??:??:??Z'),
  length  integer not null check (length > 0),
  share   real not null check (share >= 0),
  bytes   blob not null
) strict;
create index dictionaries_site on dictionaries(site);

alter table bodies add column dictionary integer references dictionaries(id);
alter table bodies add column pruned_at text check (pruned_at glob '????-??-??T??:??:??Z');
-- The newest bodies of a dictionary, and whether there is any.
create index bodies_dictionary on bodies(dictionary) where dictionary is not null;
