"""Where values go, for what a server need not be asked about."""

import pytest
from postgast import parse

from assent.core.flows import Flows
from assent.protocols.postgres.catalogue.model import Catalogue
from assent.protocols.postgres.statements.classify import Classifier
from assent.protocols.postgres.statements.flows import flows_of
from assent.protocols.postgres.statements.flows_relations import Relations
from assent.protocols.postgres.statements.names import Names
from catalogue_builder import a_catalogue, a_function

SHOP = a_catalogue(
    {
        "public.customers": "id name email country",
        "public.orders": "id customer_id total note",
        "other.customers": "id email",
    },
    {
        "public.plain": "select c.id, c.email from public.customers c",
        "public.local": "select c.id, lower(c.email) as mail from public.customers c "
        "where c.country = 'NP'",
        "public.above": "select l.mail as m from public.local l",
        "public.odd": "select o.id from public.orders o where public.hidden(o.id)",
        "public.broken": "select 1 as one",
    },
    [
        a_function("public.top(n)", "select max(email) from public.customers"),
        a_function("public.add(n)", "insert into public.orders (id) values (1)"),
        a_function("public.hidden(n)", "", "c"),
        a_function("public.same(a, b)", "select a > b from public.customers"),
        a_function("public.dblink_far(a, b)", "", "c"),
        a_function("public.lower(n)", "select email from public.customers"),
    ],
    operators={"===": ["public.same"], "<": ["public.hidden"], "@@@": ["public.dblink_far"]},
)
EMAIL, COUNTRY = "public.customers.email", "public.customers.country"
NAME, ID = "public.customers.name", "public.customers.id"
EVERY = frozenset({ID, NAME, EMAIL, COUNTRY})


def told(query: str, catalogue: Catalogue = SHOP, path: tuple[str, ...] = ("public",)) -> Flows:
    return flows_of(parse(query).stmts[0].stmt, Names(path, catalogue))


def classified(query: str) -> Flows:
    flows = Classifier(("public",), SHOP).classify(query).flows
    assert flows is not None
    return flows


def outputs(query: str) -> list[set[str]]:
    flows = told(query)
    assert flows.outputs is not None
    return [set(output) for output in flows.outputs]


@pytest.mark.parametrize(
    ("query", "tested"),
    [
        ("select id from customers where email = 'x'", {EMAIL}),
        ("select id from customers order by email", {EMAIL}),
        ("select id from customers order by (email), name", {EMAIL, NAME}),
        ("select email as e, id from customers order by e", {EMAIL}),
        ("select email, id from customers order by 2", {ID}),
        ("select email, id from customers order by 9", {EMAIL, ID}),
        ("select count(*) from customers group by email", {EMAIL}),
        ("select pg_catalog.lower(name) as email from customers group by email", {EMAIL}),
        ("select pg_catalog.lower(name) as low from customers group by low", {NAME}),
        ("select id, email from customers group by (1, 2)", {ID, EMAIL}),
        ("select count(*) from customers group by cube (email, (country))", {EMAIL, COUNTRY}),
        ("select count(*) from customers having max(email) > 'a'", {EMAIL}),
        ("select distinct email from customers", {EMAIL}),
        ("select distinct on (country) email from customers", {COUNTRY}),
        ("select email from customers union select name from customers", {EMAIL, NAME}),
        ("select email from customers union all select name from customers", set()),
        ("select email from customers except all select 'x'", {EMAIL}),
        ("select id from customers limit (select max(length(email)) from customers)", {EMAIL}),
        ("select c.id from customers c join orders o on c.email = o.note",
         {EMAIL, "public.orders.note"}),
        ("select 1 from customers c join other.customers d using (email)",
         {EMAIL, "other.customers.email"}),
        ("select id from customers where exists (select email from orders where note > '')",
         {"public.orders.note"}),
        ("select s.id from (select id from customers where email > '') s", {EMAIL}),
        ("with s as (select id from customers where email > '') select 1", {EMAIL}),
        ("select id, unnest(string_to_array(email, ',')) from customers", {EMAIL}),
        ("select 1 from customers, regexp_split_to_table(email, '')", {EMAIL}),
        ("select 1 from customers tablesample system (length((select max(email) from customers)))",
         {EMAIL}),
        ("select id from customers order by email using operator(pg_catalog.<)", {EMAIL}),
    ],
)  # fmt: skip
def test_what_decides_about_rows_is_tested(query: str, tested: set[str]) -> None:
    assert told(query).tested == tested


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("select (select id from orders where note = c.email) from customers c",
         [{"public.orders.id", "public.orders.note", EMAIL}]),
        ("select exists (select name from customers where email > '')", [{EMAIL}]),
        ("select max(id) filter (where email > '') from customers", [{ID, EMAIL}]),
        ("select string_agg(name, ',' order by email) from customers", [{NAME, EMAIL}]),
        ("select rank() over w from customers window v as (partition by email), "
         "w as (v order by id)",
         [{EMAIL, ID}]),
        ("select m from above", [{"public.above.m", "public.local.mail", EMAIL}]),
        ("select c from customers c", [set(EVERY)]),
        ("select (c).email from customers c", [{EMAIL}]),
        ("select name(c) from customers c", [set(EVERY)]),
        ("select customers.to_json from customers", [set(EVERY)]),
        ("select email from other.customers", [{"other.customers.email"}]),
        ("select x.email from (select * from customers) x", [{EMAIL}]),
        ("select id < 1 from customers", [{ID}]),
        ("select oid from pg_class", [{"pg_catalog.pg_class.oid"}]),
        ("select x.relname from (select * from pg_class) x", [{"pg_catalog.pg_class.relname"}]),
        ("select email as name from customers order by name", [{EMAIL}]),
        ("values ((select max(email) from customers), 1)", [{EMAIL}, set()]),
        ("select pg_catalog.lower(email), (email || 'x')::text from customers", [{EMAIL}, {EMAIL}]),
        ("copy customers (email, id) to stdout", [{EMAIL}, {ID}]),
        ("copy (select email from customers) to stdout", [{EMAIL}]),
        ("declare k cursor for select email from customers", [{EMAIL}]),
        ("prepare p as select email from customers", [{EMAIL}]),
        ("explain (analyze off) select email from customers", [{EMAIL}]),
        ("begin", []),
        ("copy customers from stdin", []),
        ("create index on customers (upper(email))", []),
    ],
)  # fmt: skip
def test_values_flow_into_outputs(query: str, expected: list[set[str]]) -> None:
    assert outputs(query) == expected


@pytest.mark.parametrize(
    ("query", "stored"),
    [
        ("insert into orders (note) select email from customers", {EMAIL}),
        ("insert into orders (note) values ((select max(email) from customers))", {EMAIL}),
        ("update orders set note = email from customers c where c.name > ''", {EMAIL}),
        ("update orders set (note, total) = (select email, 1 from customers limit 1)", {EMAIL}),
        ("insert into orders (id) values (1) on conflict (id) do update set note = "
         "(select max(email) from customers)", {EMAIL}),
        ("merge into orders o using customers c on o.id = c.id when matched then update set "
         "note = c.email when not matched then insert (note) values (c.name)", {EMAIL, NAME}),
        ("with x as (insert into orders (note) select email from customers) select 1", {EMAIL}),
        ("select email into kept from customers", {EMAIL}),
        ("create table kept as select email from customers where name > ''", {EMAIL}),
        ("create view kept as select email from customers where name > ''", {EMAIL, NAME}),
        ("create materialized view kept as select email from customers", {EMAIL}),
        ("copy (select email from customers) to '/tmp/x'", {EMAIL}),
        ("copy (select email from customers) to program 'cat'", {EMAIL}),
        ("copy customers to '/tmp/x'", set(EVERY)),
        ("select set_config('a.b', email, false) from customers", {EMAIL}),
        ("select pg_notify('a', email) from customers", {EMAIL}),
        ("alter table customers alter column name type text using (email)", {EMAIL}),
        ("alter table customers add column g text generated always as (upper(email)) stored",
         {EMAIL}),
        ("explain analyze insert into orders (note) select email from customers", {EMAIL}),
        ("explain insert into orders (note) select email from customers", set()),
        ("delete from orders using customers c where c.email = note", set()),
        ("create rule r as on insert to orders do also insert into kept "
         "select email from customers",
         {*EVERY, *(f"public.orders.{one}" for one in ("id", "customer_id", "total", "note")),
          "public.kept.*"}),
    ],
)  # fmt: skip
def test_what_is_written_is_stored(query: str, stored: set[str]) -> None:
    assert told(query).stored == stored


@pytest.mark.parametrize(
    "query",
    [
        "execute p",
        "fetch k",
        "call p()",
        "do 'begin end'",
        "show all",
        "create table x as execute p",
        "select * from pg_class",
        "select public.hidden(id) from customers",
        "select lower(email) from customers",
        "select customers.hidden from customers",
        "select id === 1 from customers",
        "select id @@@ 1 from customers",
        "select id === any (select 1) from customers",
        "select query_to_xml('select 1', true, true, '')",
        "select pg_read_file('x')",
        "select nowhere from customers",
        "select x.a from nowhere n, unnest(array[n]) x",
        "insert into nowhere select * from elsewhere returning a",
        "insert into nowhere (a) select * from elsewhere on conflict (a) do update set b = 1 "
        "returning b",
        "select (customers).nowhere from customers",
    ],
)
def test_what_cannot_be_told_is_not(query: str) -> None:
    assert told(query).outputs is None


def test_what_a_view_tests_is_read_and_nobody_chose_to_test_it() -> None:
    flows = told("select id from local")
    assert flows.tested == frozenset()
    assert COUNTRY in flows.read
    assert EMAIL not in flows.read


def test_a_condition_on_a_view_tests_what_is_behind_its_columns() -> None:
    assert EMAIL in told("select 1 from above where m > ''").tested


def test_a_view_that_cannot_be_followed_may_show_anything() -> None:
    assert outputs("select id from odd") == [{"public.odd.id", "public.orders.id"}]
    torn = a_catalogue({}, {"public.v": "select 1 as one"})
    relation = next(iter(torn))
    unread = type(torn)("2", [type(relation)(1, "public", "v", "v", ("a",), (1,), definition="?")])
    assert told("select a from v", unread).outputs is None


def test_functions_that_are_known_add_what_they_read() -> None:
    flows = classified("select top(id), name from customers")
    assert flows.outputs == (frozenset({ID, EMAIL}), frozenset({NAME}))
    assert classified("select add(id) from customers").outputs is None


def test_a_prepared_statement_has_its_flows() -> None:
    reading = Classifier(("public",), SHOP).classify("prepare p as select email from customers")
    flows = reading.prepares["p"].flows
    assert flows is not None
    assert flows.outputs == (frozenset({EMAIL}),)


def test_numbers_of_columns_are_not_mere_literals() -> None:
    classifier = Classifier(("public",), SHOP)
    first = classifier.classify("select id, email from customers order by 1").flows
    second = classifier.classify("select id, email from customers order by 2").flows
    assert first is not None
    assert second is not None
    assert (first.tested, second.tested) == (frozenset({ID}), frozenset({EMAIL}))


def test_several_statements_and_no_catalogue_have_no_flows() -> None:
    assert Classifier(("public",), SHOP).classify("select 1; select 2").flows is None
    assert Classifier(("public",)).classify("select 1").flows is None


def test_queries_that_double_their_columns_end() -> None:
    queries = ["q0 as (select * from customers)"]
    queries += [f"q{n} as (select * from q{n - 1} a, q{n - 1} b)" for n in range(1, 40)]
    flows = told(f"with {', '.join(queries)} select 1 from q39")
    assert flows.outputs is None
    assert flows.tested >= EVERY


def test_views_on_views_on_views_are_followed_to_the_bottom() -> None:
    views = {"public.v0": "select c.email from public.customers c"}
    for n in range(1, 300):
        views[f"public.v{n}"] = f"select v{n - 1}.email from public.v{n - 1}"
    catalogue = a_catalogue({"public.customers": "id email"}, views)
    flows = told("select email from v299", catalogue)
    assert flows.outputs is not None
    assert EMAIL in flows.outputs[0]


def test_recursive_queries_inside_each_other_end() -> None:
    query = "select id from customers"
    for n in range(12):
        query = f"with recursive r{n} as ({query} union select id from r{n}) select id from r{n}"
    flows = told(query)
    assert flows.outputs in (None, (frozenset({ID}),))


def test_relations_are_remembered() -> None:
    relations = Relations()
    names = Names(("public",), SHOP)
    node = parse("select m from above").stmts[0].stmt
    first = flows_of(node, names, relations=relations)
    assert flows_of(node, names, relations=relations) == first


COMPUTED = a_catalogue(
    {"public.people": "id email tail", "public.mails": "email"},
    functions=[
        a_function("public.one(n)", "select n", returns_set=False),
        a_function("public.many(n)", "select n"),
        a_function("public.generate_series(n)", "select n", returns_set=False),
    ],
    generated={"public.people": {"tail": "email"}},
)
PEOPLE = "public.people."


def of_people(query: str) -> Flows:
    flows = Classifier(("public",), COMPUTED).classify(query).flows
    assert flows is not None
    assert flows.outputs is not None
    return flows


@pytest.mark.parametrize(
    ("query", "places"),
    [
        ("select tail from people", ["tail email"]),
        ("select id from people", ["id"]),
        ("copy people to stdout", ["id", "email"]),
        ("copy people (id, tail) to stdout", ["id", "tail email"]),
        ("copy (select * from people) to stdout", ["id", "email", "tail email"]),
    ],
)
def test_a_computed_column_is_what_it_is_computed_from(query: str, places: list[str]) -> None:
    found = of_people(query).outputs
    assert found == tuple(frozenset(PEOPLE + one for one in place.split()) for place in places)


@pytest.mark.parametrize(
    "query",
    [
        "insert into people (email) select email from mails returning tail",
        "update people set email = mails.email from mails returning tail",
        "insert into people (email) select email from mails "
        "on conflict (id) do update set id = 1 returning tail",
    ],
)
def test_what_a_column_gets_is_in_what_is_computed_from_it(query: str) -> None:
    (place,) = of_people(query).outputs or ()
    assert "public.mails.email" in place


@pytest.mark.parametrize(
    ("query", "tested"),
    [
        ("select one(email) from people", ""),
        ("select many(email) from people", "email"),
        ("select id from people where one(email) = ''", "email"),
        ("select generate_series(email) from people", "email"),
    ],
)
def test_only_functions_that_give_sets_decide_how_many_rows_there_are(
    query: str, tested: str
) -> None:
    flows = of_people(query)
    assert flows.tested == frozenset(PEOPLE + one for one in tested.split())
    assert PEOPLE + "email" in flows.read
