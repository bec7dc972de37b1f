-- Private: of a listing, the rules by which its stories were chosen when its validators came. Under
-- others, "as it was" says nothing of the stories that these would let in.
alter table pages add column rules_sha256 text;
