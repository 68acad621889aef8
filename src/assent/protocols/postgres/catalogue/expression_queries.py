"""How a catalogue is read from a server: what expressions of tables, types and functions call.

For the rules see `queries`.
"""

# ruff: noqa: S608 - made of the texts of this module alone

from assent.protocols.postgres.catalogue.queries import FIRST_OWN

_CALLED = """d.refclassid in (
    'pg_catalog.pg_proc'::pg_catalog.regclass, 'pg_catalog.pg_operator'::pg_catalog.regclass,
    'pg_catalog.pg_type'::pg_catalog.regclass
)"""

# Expressions that belong to a table: defaults and generated columns, checks, indexes, policies,
# conditions of triggers, keys of partitioning. Before 15 it is the generated column itself that
# depends on what its expression calls.
_EXPRESSIONS = """(
    select 'pg_catalog.pg_attrdef'::pg_catalog.regclass::oid as class, a.oid, 0 as part,
        a.adrelid as relation, 0::oid as own, false as policy, a.adbin::text as text
    from pg_catalog.pg_attrdef a
    union all
    select 'pg_catalog.pg_class'::pg_catalog.regclass, a.attrelid, a.attnum, a.attrelid,
        a.atttypid, false, ''
    from pg_catalog.pg_attribute a
    where a.attgenerated <> ''
    union all
    select 'pg_catalog.pg_constraint'::pg_catalog.regclass, k.oid, 0, k.conrelid, 0, false,
        k.conbin::text
    from pg_catalog.pg_constraint k
    where k.contype = 'c' and k.conrelid <> 0
    union all
    select 'pg_catalog.pg_class'::pg_catalog.regclass, i.indexrelid, 0, i.indrelid, 0, false,
        pg_catalog.concat(i.indexprs::text, i.indpred::text)
    from pg_catalog.pg_index i
    where i.indexprs is not null or i.indpred is not null
    union all
    select 'pg_catalog.pg_policy'::pg_catalog.regclass, p.oid, 0, p.polrelid, 0, true,
        pg_catalog.concat(p.polqual::text, p.polwithcheck::text)
    from pg_catalog.pg_policy p
    union all
    select 'pg_catalog.pg_trigger'::pg_catalog.regclass, t.oid, 0, t.tgrelid, t.tgfoid, false,
        t.tgqual::text
    from pg_catalog.pg_trigger t
    where not t.tgisinternal and t.tgenabled <> 'D' and t.tgqual is not null
    union all
    select 'pg_catalog.pg_class'::pg_catalog.regclass, p.partrelid, 0, p.partrelid, 0, false,
        p.partexprs::text
    from pg_catalog.pg_partitioned_table p
    where p.partexprs is not null
) o"""

_DEPENDING = f"""from {_EXPRESSIONS}
join pg_catalog.pg_depend d
    on d.classid = o.class and d.objid = o.oid and (o.part = 0 or d.objsubid = o.part)"""

# What expressions that belong to a table depend on.
RUNS = f"""
select o.relation, d.refclassid, d.refobjid, o.policy
{_DEPENDING}
where {_CALLED} and d.refobjid <> o.own
"""

# Columns that are computed, and from which.
GENERATED = """
select a.attrelid, a.attnum::oid, pg_catalog.array_agg(distinct d.refobjsubid::oid)
from pg_catalog.pg_attribute a
join pg_catalog.pg_attrdef e on e.adrelid = a.attrelid and e.adnum = a.attnum
join pg_catalog.pg_depend d
    on (d.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass and d.objid = e.oid)
    or (d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.objid = a.attrelid
        and d.objsubid = a.attnum)
where a.attgenerated <> '' and d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
    and d.refobjid = a.attrelid and d.refobjsubid not in (0, a.attnum)
group by 1, 2
order by 1, 2
"""

# Sequences that expressions name, but for those that belong to the table.
SEQUENCES = f"""
select distinct o.relation, d.refobjid
{_DEPENDING}
join pg_catalog.pg_class s on s.oid = d.refobjid and s.relkind = 'S'
where d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass and not exists (
    select from pg_catalog.pg_depend b
    where b.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and b.objid = s.oid
        and b.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
        and b.refobjid = o.relation and b.deptype in ('a', 'i')
)
order by 1, 2
"""

# Other relations that policies read; the number 0 is the relation as such.
POLICY_READS = f"""
select p.polrelid, d.refobjid, pg_catalog.array_agg(distinct d.refobjsubid::oid)
from pg_catalog.pg_policy p
join pg_catalog.pg_depend d
    on d.classid = 'pg_catalog.pg_policy'::pg_catalog.regclass and d.objid = p.oid
where d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.refobjid <> p.polrelid
    and d.refobjid >= {FIRST_OWN}
group by 1, 2
order by 1, 2
"""

# Calls of pg_catalog's functions, which nothing depends on: an expression's tree has their oids.
# The second is there where the first argument is a constant of type regclass, which a dependency
# names. What a constant or a name has in it cannot look like a call: it is written in numbers,
# or with a sign before each space.
_CALL = r"':(?:funcid|aggfnoid|winfnoid) ([0-9]+)(?:[^{}()]*:args \(\{CONST :consttype (2205) )?'"
_CALLING = f"""cross join lateral pg_catalog.regexp_matches(o.text, {_CALL}, 'g') f (found)
join pg_catalog.pg_proc p on p.oid = f.found[1]::oid and p.oid < {FIRST_OWN}"""

BUILTIN_RUNS = f"""
select distinct o.relation, p.oid, p.proname::text, o.policy, f.found[2] is not null
from {_EXPRESSIONS}
{_CALLING}
where o.text like '%id %'
"""

TYPE_RUNS = f"""
select k.contypid, d.refclassid, d.refobjid
from pg_catalog.pg_constraint k
join pg_catalog.pg_depend d
    on d.classid = 'pg_catalog.pg_constraint'::pg_catalog.regclass and d.objid = k.oid
where k.contypid <> 0 and {_CALLED}
    and not (d.refclassid = 'pg_catalog.pg_type'::pg_catalog.regclass and d.refobjid = k.contypid)
union all
select t.oid, d.refclassid, d.refobjid
from pg_catalog.pg_type t
join pg_catalog.pg_depend d
    on d.classid = 'pg_catalog.pg_type'::pg_catalog.regclass and d.objid = t.oid
where t.typtype in ('d', 'r') and {_CALLED}
"""

BUILTIN_TYPE_RUNS = f"""
select distinct o.type, p.oid, p.proname::text
from (
    select k.contypid as type, k.conbin::text as text
    from pg_catalog.pg_constraint k
    where k.contypid <> 0
    union all
    select t.oid, t.typdefaultbin::text from pg_catalog.pg_type t where t.typtype = 'd'
) o
{_CALLING}
"""

# What computes the arguments that a call leaves out. Standard bodies depend on what they call in
# the same way; they are read besides.
DEFAULTS = f"""
select p.oid, d.refclassid, d.refobjid
from pg_catalog.pg_proc p
join pg_catalog.pg_depend d
    on d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass and d.objid = p.oid
where p.pronargdefaults > 0 and {_CALLED} and p.oid >= {FIRST_OWN}
order by 1, 2, 3
"""

BUILTIN_DEFAULTS = f"""
select distinct o.oid, p.oid, p.proname::text
from (
    select r.oid, r.proargdefaults::text as text
    from pg_catalog.pg_proc r
    where r.pronargdefaults > 0 and r.oid >= {FIRST_OWN}
) o
{_CALLING}
"""
