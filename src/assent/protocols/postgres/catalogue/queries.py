"""How a catalogue is read from a server, PostgreSQL 13 to 18: in SQL that nothing can shadow.

Every name is qualified, and the path is empty for whatever is not (operators, types). All
columns are of types that a client decodes without asking the server what they are: text, int,
bool, oid, and arrays of text and oid.
"""

# ruff: noqa: S608 - made of the texts of this module alone

# The first oid that is not handed out when a cluster is made: what has a lower one came with it.
FIRST_OWN = 16_384

BEGIN = """
begin transaction isolation level repeatable read, read only;
set local search_path = '';
set local lock_timeout = '1s';
set local statement_timeout = '20s';
set local jit = off
"""

_USER_SCHEMA = "n.nspname !~ '^pg_' and n.nspname <> 'information_schema'"

# Rules and functions whose text cannot be asked for: it would wait for a table that somebody
# changes now, perhaps the very session that waits for this catalogue.
LOCKED = """
with locked as (
    select l.relation
    from pg_catalog.pg_locks l
    join pg_catalog.pg_database d on d.oid = l.database
    where l.locktype = 'relation' and l.mode = 'AccessExclusiveLock'
        and d.datname = pg_catalog.current_database()
)
select d.objid
from pg_catalog.pg_depend d
where d.classid in (
        'pg_catalog.pg_rewrite'::pg_catalog.regclass, 'pg_catalog.pg_proc'::pg_catalog.regclass
    )
    and d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
    and d.refobjid in (select relation from locked)
union
select r.oid from pg_catalog.pg_rewrite r where r.ev_class in (select relation from locked)
"""

SCHEMAS = f"select n.nspname::text from pg_catalog.pg_namespace n where {_USER_SCHEMA}"

RELATIONS = f"""
select c.oid, n.nspname::text, c.relname::text, c.relkind::text,
    case when r.oid <> all ($1) then pg_catalog.pg_get_viewdef(c.oid) end,
    coalesce(i.indexes, 0), coalesce(s.srvname::text, ''), c.relrowsecurity, c.reltuples::int8
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
left join pg_catalog.pg_rewrite r
    on r.ev_class = c.oid and r.rulename = '_RETURN' and c.relkind in ('v', 'm')
left join (
    select x.indrelid, pg_catalog.count(*) as indexes from pg_catalog.pg_index x group by 1
) i on i.indrelid = c.oid
left join pg_catalog.pg_foreign_table f on f.ftrelid = c.oid
left join pg_catalog.pg_foreign_server s on s.oid = f.ftserver
where c.relkind in ('r', 'v', 'm', 'f', 'p', 'S') and {_USER_SCHEMA}
"""

COLUMNS = f"""
select a.attrelid, pg_catalog.array_agg(a.attname::text),
    pg_catalog.array_agg(a.attnum::oid), pg_catalog.array_agg(a.atttypid)
from (
    select a.attrelid, a.attname, a.attnum, a.atttypid
    from pg_catalog.pg_attribute a
    join pg_catalog.pg_class c on c.oid = a.attrelid
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where a.attnum > 0 and not a.attisdropped
        and c.relkind in ('r', 'v', 'm', 'f', 'p', 'S') and {_USER_SCHEMA}
    order by a.attrelid, a.attnum
) a
group by a.attrelid
"""

INHERITANCE = """
select i.inhparent, i.inhrelid
from pg_catalog.pg_inherits i
join pg_catalog.pg_class c on c.oid = i.inhrelid
where c.relkind in ('r', 'f', 'p')
order by 1, 2
"""

TRIGGERS = """
select t.tgrelid, t.tgname::text, t.tgtype, t.tgfoid
from pg_catalog.pg_trigger t
where not t.tgisinternal and t.tgenabled <> 'D'
order by 1, 2
"""

RULES = """
select r.ev_class, r.rulename::text, r.ev_type::text,
    case when r.oid <> all ($1) then pg_catalog.pg_get_ruledef(r.oid) end
from pg_catalog.pg_rewrite r
join pg_catalog.pg_class c on c.oid = r.ev_class
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where r.rulename <> '_RETURN' and r.ev_enabled <> 'D'
"""
RULES += f"    and {_USER_SCHEMA}\norder by 1, 2\n"

KEYS = """
select k.confrelid, k.conrelid, k.conname::text, k.conkey::oid[], k.confkey::oid[],
    k.confdeltype::text, k.confupdtype::text
from pg_catalog.pg_constraint k
where k.contype = 'f'
order by 1, 2, 3
"""

# Types that have others in them, and what those of the operator's own run by themselves: checks
# and defaults of domains, what makes ranges canonical.
TYPES = f"""
select t.oid, t.typarray, array[t.typbasetype]
from pg_catalog.pg_type t
where t.typtype = 'd'
union all
select t.oid, t.typarray, array[r.rngsubtype]
from pg_catalog.pg_range r
join pg_catalog.pg_type t on t.oid = r.rngtypid
where t.oid >= {FIRST_OWN}
union all
select t.oid, t.typarray, pg_catalog.array_agg(a.atttypid)
from pg_catalog.pg_attribute a
join pg_catalog.pg_class c on c.oid = a.attrelid and c.reltype <> 0
join pg_catalog.pg_type t on t.oid = c.reltype
where a.attnum > 0 and not a.attisdropped and a.atttypid >= {FIRST_OWN}
group by 1, 2
"""
_MULTIRANGES = f"""
union all
select t.oid, t.typarray, array[r.rngtypid]
from pg_catalog.pg_range r
join pg_catalog.pg_type t on t.oid = r.rngmultitypid
where t.oid >= {FIRST_OWN}
"""

# Names of all of these and of what casts of the operator's own make.
_TYPE_NAMES = """
with made as (
    select c.casttarget as oid from pg_catalog.pg_cast c where c.oid >= {} and c.castfunc <> 0
    union
    select a.oid from ({}) a (oid, array_of, parts)
)
select t.oid, n.nspname::text, t.typname::text,
    case when t.typlen = -1 then t.typelem else 0::oid end
from pg_catalog.pg_type t
join pg_catalog.pg_namespace n on n.oid = t.typnamespace
where n.nspname !~ '^pg_(temp|toast)' and (
    t.oid in (select oid from made) or t.typelem in (select oid from made) and t.typlen = -1
)
order by 1
"""

_BODY = """case
        when p.prosqlbody is null then p.prosrc
        when p.oid <> all ($1) then pg_catalog.pg_get_function_sqlbody(p.oid)
    end"""

ROUTINES = f"""
select p.oid, n.nspname::text, p.proname::text, p.prokind::text, p.pronargs, p.pronargdefaults,
    p.provariadic <> 0, l.lanname::text, p.provolatile::text, p.prosecdef,
    {_BODY},
    p.proargnames, p.proargmodes::text[], p.proconfig, p.proretset
from pg_catalog.pg_proc p
join pg_catalog.pg_namespace n on n.oid = p.pronamespace
join pg_catalog.pg_language l on l.oid = p.prolang
where n.nspname !~ '^pg_(temp|toast)' and (n.nspname <> 'pg_catalog' or p.oid >= {FIRST_OWN})
order by 1
"""

AGGREGATES = f"""
select a.aggfnoid::oid, a.aggkind::text, a.aggnumdirectargs,
    array[
        a.aggtransfn, a.aggfinalfn, a.aggcombinefn, a.aggserialfn, a.aggdeserialfn,
        a.aggmtransfn, a.aggminvtransfn, a.aggmfinalfn
    ]::oid[]
from pg_catalog.pg_aggregate a
where a.aggfnoid >= {FIRST_OWN}
"""

OPERATORS = f"""
select o.oid, o.oprname::text, o.oprcode::oid
from pg_catalog.pg_operator o
where o.oid >= {FIRST_OWN} and o.oprcode <> 0
"""

CASTS = f"""
select c.casttarget, c.castfunc, c.castcontext <> 'e' and c.casttarget >= {FIRST_OWN}
from pg_catalog.pg_cast c
where c.oid >= {FIRST_OWN} and c.castfunc <> 0
order by 1, 2
"""

EVENT_TRIGGERS = """
select e.evtname::text, e.evtevent::text, e.evtfoid
from pg_catalog.pg_event_trigger e
where e.evtenabled <> 'D'
order by 1
"""

# The names of pg_catalog's functions that are called under names of the operator's own.
BUILTINS = f"""
select p.oid, p.proname::text
from pg_catalog.pg_proc p
join pg_catalog.pg_namespace n on n.oid = p.pronamespace
where n.nspname = 'pg_catalog' and p.oid < {FIRST_OWN} and p.oid in (
    select o.oprcode::oid from pg_catalog.pg_operator o where o.oid >= {FIRST_OWN}
    union all
    select c.castfunc from pg_catalog.pg_cast c where c.oid >= {FIRST_OWN}
    union all
    select t.tgfoid from pg_catalog.pg_trigger t where not t.tgisinternal
    union all
    select e.evtfoid from pg_catalog.pg_event_trigger e
    union all
    select s.used::oid
    from pg_catalog.pg_aggregate a, lateral (values
        (a.aggtransfn), (a.aggfinalfn), (a.aggcombinefn), (a.aggserialfn), (a.aggdeserialfn),
        (a.aggmtransfn), (a.aggminvtransfn), (a.aggmfinalfn)
    ) s (used)
    where a.aggfnoid >= {FIRST_OWN}
)
"""

_CLASSES = {
    "pg_namespace": f"x.nspname !~ '^pg_' and x.oid >= {FIRST_OWN} or x.nspname = 'public'",
    "pg_class": "x.relpersistence <> 't' and x.relkind <> 't'",
    "pg_type": "x.typtype in ('d', 'r')",
    "pg_proc": "",
    "pg_rewrite": "",
    "pg_trigger": "not x.tgisinternal",
    "pg_constraint": "x.contype in ('c', 'f')",
    "pg_operator": "",
    "pg_cast": "",
    "pg_policy": "",
    "pg_attrdef": "",
    "pg_event_trigger": "",
    "pg_foreign_server": "",
}


def _of_class(name: str, condition: str) -> str:
    chosen = f"({condition})" if name == "pg_namespace" else f"x.oid >= {FIRST_OWN}"
    if condition and name != "pg_namespace":
        chosen += f" and {condition}"
    return (
        f"select '{name}', pg_catalog.count(*), pg_catalog.sum("
        f"pg_catalog.hashtextextended(x.xmin::text, x.oid::int8))::text\n"
        f"from pg_catalog.{name} x\nwhere {chosen}"
    )


# Differs once anything has been created, changed or dropped that a catalogue holds. A row has
# another xmin after each change; that of its place in a table may come back.
STAMP = "\nunion all\n".join(_of_class(name, condition) for name, condition in _CLASSES.items())
STAMP += f"""
union all
select 'pg_attribute', pg_catalog.count(*), pg_catalog.sum(pg_catalog.hashtextextended(
    a.xmin::text, a.attrelid::int8 * 2048 + a.attnum))::text
from pg_catalog.pg_attribute a
join pg_catalog.pg_class c on c.oid = a.attrelid
where a.attrelid >= {FIRST_OWN} and a.attnum > 0
    and c.relpersistence <> 't' and c.relkind in ('r', 'v', 'm', 'f', 'p', 'S', 'c')
union all
select 'pg_inherits', pg_catalog.count(*), pg_catalog.sum(pg_catalog.hashtextextended(
    i.xmin::text, i.inhrelid::int8 * 31 + i.inhparent::int8))::text
from pg_catalog.pg_inherits i
"""


def types(version: int) -> str:
    """Return TYPES for a server. version: its major one; before 14 there are no multiranges."""
    return TYPES + (_MULTIRANGES if version >= 14 else "")


def type_names(version: int) -> str:
    """Return how the types of `types` are called, with arrays of them."""
    return _TYPE_NAMES.format(FIRST_OWN, types(version))


def routines(version: int) -> str:
    """Return ROUTINES for a server; before 14 there are no standard bodies, and `$1` is unused."""
    if version >= 14:
        return ROUTINES
    return ROUTINES.replace(_BODY, "case when p.oid <> all ($1) or true then p.prosrc end")
