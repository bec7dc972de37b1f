-- Exchanges that came out of an archive file, not over the network.
create table ingested (
  fetch_id  integer primary key references fetches(id),
  file      text not null,
  record_id text not null
) strict;
create index ingested_record on ingested(record_id);
