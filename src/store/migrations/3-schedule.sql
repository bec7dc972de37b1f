-- The schedule of `watch`: when each site's turn comes, and how often each listing is asked.

alter table pages add column every_s integer check (every_s > 0);

create table site_schedule (
  site            text primary key,
  last_turn_at    text not null check (last_turn_at glob '????-??-??T??:??:??Z'),
  last_success_at text check (last_success_at glob '????-??-??T??:??:??Z'),
  next_turn_at    text not null check (next_turn_at glob '????-??-??T??:??:??Z'),
  failing_since   text check (failing_since glob '????-??-??T??:??:??Z'),
  failed_turns    integer not null default 0 check (failed_turns >= 0),
  failure         text,
  stopped_by      text
) strict;
