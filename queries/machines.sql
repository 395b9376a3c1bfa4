-- name: is_cluster()$
-- Whether this server is the coordinator of a Citus cluster. Otherwise the tables that list_shards() reads do not
-- exist. Sent once per connection.
select to_regclass('pg_dist_shard') is not null as is_cluster;

-- name: list_shards()
-- The first hash and the machine of each shard, in order. All tables that are distributed by fid have the same ranges
-- on the same machines. Reads catalogs with a row for each shard, once per connection.
select distinct
    shard.shardminvalue::integer as first_hash,
    placement.groupid as machine
from pg_dist_partition as distributed_table
inner join pg_dist_shard as shard
    on distributed_table.logicalrelid = shard.logicalrelid
inner join pg_dist_placement as placement
    on shard.shardid = placement.shardid
where distributed_table.partmethod = 'h'
order by first_hash;
