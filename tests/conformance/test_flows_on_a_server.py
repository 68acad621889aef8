"""Columns of results, beside what PostgreSQL itself says of their number and their origin."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from postgast import parse

from assent.core.flows import Flows
from assent.protocols.postgres.catalogue.model import Catalogue
from assent.protocols.postgres.statements.flows import flows_of
from assent.protocols.postgres.statements.names import Names
from conformance.postgres_cluster import PostgresCluster
from flow_database import catalogue_of, described

SCHEMA = """
create table customers (id int primary key, name text, email text unique, country text,
    tags text[], details jsonb, boss int);
alter table customers drop column country;
alter table customers add column country text;
create table orders (id int primary key, customer_id int references customers, total int,
    note text, made_at date);
create table payments (id int, order_id int, cents int, card text, made_at date)
    partition by range (made_at);
create table payments_old partition of payments for values from ('2000-01-01') to ('2020-01-01');
create table payments_new partition of payments for values from ('2020-01-01') to ('2100-01-01');
create table people (id int, nickname text);
create table staff (salary int) inherits (people);
create type place as (street text, city text);
create table shops (id int, at place);
create view named as select id, lower(email) as email, name from customers where country = 'NP';
create view totals as select c.email, sum(o.total) as total, count(*) as n
    from customers c join orders o on o.customer_id = c.id group by c.email;
create view richest as select t.*, upper(n.name) as name from totals t join named n using (email);
create materialized view frozen as select id, card from payments;
create view everything as select id, email from customers union all select id, note from orders;
create function shout(words text) returns text language sql immutable as 'select upper(words)';
"""

# Each with as many columns, of the same names, as the server says; origins are among outputs.
QUERIES = [
    "select id, email from customers",
    "select c.email, public.customers.name from customers c, public.customers",
    "select * from customers",
    "select c.*, o.id from customers c join orders o on o.customer_id = c.id",
    "select *, 1 as one from customers, orders",
    "select public.customers.* from public.customers",
    "select email as mail, upper(name), id + 1, id::text, 'x', null from customers",
    "select case when id > 1 then email else name end, case id when 1 then id end from customers",
    "select case when true then upper(email) end, case when true then id::text end from customers",
    "select coalesce(email, name), nullif(email, ''), greatest(id, 1), least(id, 2) from customers",
    'select cast(email as varchar(3)), email collate "C", (email)::text::name from customers',
    "select tags[1], tags[1:2], details->'a', details->>'b', details['c'] from customers",
    "select row(id, email), (id, email), array[id, boss], c from customers c",
    "select c, c.*, row_to_json(c), to_jsonb(c.*) from customers c",
    "select (c).email, (c).* from customers c",
    "select email(c), c.email from customers c",
    "select (at).city, (shops.at).street, at from shops",
    "select exists(select 1 from orders), array(select email from customers) from customers",
    "select (select email from customers limit 1), (select max(total) as m from orders)",
    "select (select c.email) from customers c",
    "select id in (select customer_id from orders), id = any(array[1]), id between 1 and 2 "
    "from customers",
    "select s.mail from (select email as mail, id from customers) s",
    "select * from (select email, id from customers) as s (a, b)",
    "select a, id from (select email, id from customers) as s (a)",
    "select * from (values (1, 'a'), (2, 'b')) v",
    "select v.x, column2 from (values (1, 'a')) as v (x)",
    "values (1, 2), (3, 4)",
    "select * from customers c, lateral (select o.total, c.email as mail from orders o "
    "where o.customer_id = c.id) s",
    "select c.email, t.total from customers c left join lateral "
    "(select total from orders where customer_id = c.id) t on true",
    "with s as (select email, id from customers) select * from s",
    "with s (a, b) as (select email, id from customers) select b, a, s from s",
    "with a as (select id from customers), b as (select id, note from orders where id in "
    "(select id from a)) select * from a join b using (id)",
    "with customers as (select 1 as one) select * from customers",
    "with recursive up (id, boss, depth) as (select id, boss, 0 from customers union all "
    "select c.id, c.boss, up.depth + 1 from customers c join up on up.boss = c.id) "
    "select * from up",
    "with recursive t as (select 1 as n, 'x'::text as label union select n + 1, email from t "
    "join customers c on c.id = t.n where n < 5) select * from t",
    "with recursive second as (select * from first), first as (select email from customers) "
    "select * from second",
    "with recursive t (id, boss) as (select id, boss from customers union all select c.id, c.boss "
    "from customers c, t where c.id = t.boss) search depth first by id set seq "
    "cycle id set looped using path select * from t",
    "select * from named",
    "select email, total from totals",
    "select * from richest where total > 3",
    "select * from frozen",
    "select * from everything",
    "select * from orders join payments on payments.order_id = orders.id",
    "select * from orders o join payments p using (id)",
    "select id, o.id, p.id from orders o full join payments p using (id)",
    "select id, made_at from orders o left join payments p using (id, made_at)",
    "select id from orders o right join payments p using (id)",
    "select * from orders natural join payments",
    "select j.id, j.total from (orders o join payments p using (id)) as j",
    "select j.* from (orders o join payments p on p.order_id = o.id) as j (a, b, c)",
    "select u.id, o.total from orders o join payments p using (id) as u",
    "select u.* from orders o join payments p using (id) as u",
    "select * from customers c join orders o using (id) join payments p using (id)",
    "select * from customers c cross join orders o",
    "select email from customers union select note from orders",
    "select email from customers union all select card from payments order by 1",
    "select id, email from customers intersect select id, note from orders",
    "select id from customers except select customer_id from orders",
    "select id, email from customers union all select id, note from orders order by email limit 3",
    "(select email from customers limit 1) union all (select name from customers order by id)",
    "select count(*), sum(total), max(note), array_agg(note order by id) from orders",
    "select sum(total) filter (where note is null), string_agg(note, ',') from orders",
    "select percentile_cont(0.5) within group (order by total) from orders",
    "select customer_id, count(*), avg(total) from orders group by customer_id",
    "select customer_id as who, count(*) from orders group by who having sum(total) > 3",
    "select customer_id, note, count(*) from orders group by 1, 2 order by 3 desc",
    "select customer_id as who, note, count(*) from orders group by (who, 2)",
    "select customer_id, grouping(customer_id), count(*) from orders group by rollup (customer_id)",
    "select customer_id, note from orders group by grouping sets ((customer_id), (note), ())",
    "select row_number() over (order by note), rank() over w, sum(total) over (w rows 1 preceding) "
    "from orders window w as (partition by customer_id order by made_at)",
    "select lag(total) over (partition by customer_id order by id) as before from orders",
    "select distinct email from customers",
    "select distinct on (customer_id) customer_id, note from orders order by customer_id, id",
    "select email as e from customers order by e, lower(name), 1 limit 1 offset 2",
    "select id from customers order by email using >",
    "select id from customers order by name fetch first 3 rows with ties",
    "select id from customers where email like 'a%' for update",
    "select unnest(tags), id from customers",
    "select t from customers, unnest(tags) t",
    "select * from unnest(array[1, 2]) with ordinality",
    "select * from unnest(array[1, 2]::int[], '{a,b}'::text[]) as t (a, b)",
    "select * from generate_series(1, 3) n, generate_series(n, 4)",
    "select * from customers, jsonb_array_elements(details)",
    "select key, value from customers c, jsonb_each(c.details)",
    "select * from jsonb_to_recordset('[]') as x (a int, b text)",
    "select * from rows from (jsonb_to_recordset('[]') as (a int), generate_series(1, 2)) "
    "with ordinality as t (x, y, z)",
    "select * from current_date, generate_series(1, 2) as g (n)",
    "select * from regexp_split_to_table('a b', ' ') as word",
    "select t.* from customers, json_table(details, '$' columns (a int path '$.a', "
    "nested path '$.x[*]' columns (b int path '$.b'), c for ordinality)) t",
    "select json_object('a': email), json_array(email, name), json_objectagg(id: email), "
    "json_arrayagg(name order by email) from customers group by email, name",
    "select json_value(details, '$.a'), json_query(details, '$.b'), "
    "json_exists(details, '$.c' passing id as x) from customers",
    "select json_array(select email from customers), json_scalar(1), json_serialize('{}')",
    "select current_date, current_user, now(), localtimestamp, session_user, current_schema",
    "select extract(year from made_at), substring(note from 1 for 2), position('a' in note), "
    "trim(note), overlay(note placing 'x' from 1), made_at at time zone 'utc' from orders",
    "select * from payments tablesample system (50) repeatable (1)",
    "select card from payments_old",
    "select * from only people",
    "select * from people",
    "select tableoid, ctid, xmin from customers",
    "select customers from customers",
    "select s from (select id, email from customers) s",
    "select $1::int + id, $2 as x from customers where email = $3",
    "table customers",
    "select",
    "select from customers",
    "insert into customers (id, email) values (1, 'x') returning *",
    "insert into orders (id, note) select id, email from customers returning id, note as n",
    "insert into customers (id, email) values (1, 'x') on conflict (email) do update set "
    "name = excluded.email || customers.name where customers.id > 1 returning name, email",
    "insert into customers default values returning id",
    "update customers set email = name where id = 1 returning *",
    "update customers c set email = o.note from orders o where o.customer_id = c.id "
    "returning c.email, o.*",
    "update customers c set (name, email) = (select note, 'x' from orders limit 1) returning *",
    "update customers set email = 'x' returning old.email, new.email, old.*",
    "update customers set email = 'x' returning with (old as before, new as after) before.email, "
    "after.*, email",
    "delete from customers where email = 'x' returning id, email",
    "delete from orders o using customers c where c.id = o.customer_id returning *",
    "merge into customers c using orders o on o.customer_id = c.id when matched and o.total > 1 "
    "then update set email = o.note when not matched then insert (id, name) "
    "values (o.id, o.note) returning merge_action(), *",
    "with gone as (delete from orders returning note, id) select * from gone",
    "with gone as (delete from orders returning *), more as (insert into customers (id, email) "
    "select id, note from gone returning email) select * from more",
    "update named set name = 'x' returning *",
    "explain select * from customers",
]
# The server says how many columns there are; flows, that they are not known.
NOT_TOLD = [
    "select * from pg_catalog.pg_class",
    "select shout(email) from customers",
    "select shout(email), id from customers",
    "select query_to_xml('select 1', true, true, '')",
    "show search_path",
    "select * from customers, unnest(array[customers])",
    "select (at).* from shops",
    "select (jsonb_populate_record(null::customers, details)).* from customers",
]


@pytest.fixture(scope="module")
def server(postgres: PostgresCluster) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(postgres.fresh_database(), autocommit=True) as connection:
        connection.execute(SCHEMA)
        yield connection


@pytest.fixture(scope="module")
def catalogue(server: psycopg.Connection[Any]) -> Catalogue:
    return catalogue_of(server)


def followed(query: str, catalogue: Catalogue) -> Flows:
    return flows_of(parse(query).stmts[0].stmt, Names(("public",), catalogue))


@pytest.mark.parametrize("query", QUERIES)
def test_every_column_of_a_result_has_its_output(
    query: str, server: psycopg.Connection[Any], catalogue: Catalogue
) -> None:
    flows = followed(query, catalogue)
    columns = described(server, query)
    assert flows.outputs is not None
    assert len(flows.outputs) == len(columns)
    for output, (_, table, number) in zip(flows.outputs, columns, strict=True):
        assert output <= flows.read
        if table and 0 < number < 1 << 15:
            found = catalogue.column(table, number)
            assert found is not None
            assert f"{found[0].schema}.{found[0].name}.{found[1]}" in output


@pytest.mark.parametrize("query", [one for one in QUERIES if one.startswith(("select ", "values"))])
def test_columns_are_called_as_the_server_calls_them(
    query: str, server: psycopg.Connection[Any], catalogue: Catalogue
) -> None:
    # Whoever selects them by the names that the server gave them reads what they read.
    flows = followed(query, catalogue)
    names = [name for name, _, _ in described(server, query)]
    listed = ", ".join('"' + name.replace('"', '""') + '"' for name in names)
    if not names or len(set(names)) < len(names):
        # Two of one name cannot be told apart by it.
        listed = "*"
    around = followed(f"select {listed} from ({query}) as around", catalogue)
    assert around.outputs == flows.outputs


@pytest.mark.parametrize("query", NOT_TOLD)
def test_what_is_not_known_is_not_told(
    query: str, server: psycopg.Connection[Any], catalogue: Catalogue
) -> None:
    assert described(server, query)
    assert followed(query, catalogue).outputs is None
