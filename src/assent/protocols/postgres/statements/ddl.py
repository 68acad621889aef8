"""Statements that make, change and remove things, or the rights to them."""

from typing import Final

from postgast import pg_query_pb2 as pb

from assent.protocols.postgres.statements.definitions import (
    define_altered,
    define_cast,
    define_copy,
    define_event_trigger,
    define_function,
    define_like,
    define_query,
    define_rule,
    define_table,
    define_trigger,
    define_type,
    note_keys,
    note_move,
    note_relatives,
    note_rename,
)
from assent.protocols.postgres.statements.expressions import cast_to
from assent.protocols.postgres.statements.keys import truncate_referring
from assent.protocols.postgres.statements.names import full_name
from assent.protocols.postgres.statements.objects import (
    role_name,
    touch_object,
    touch_relation,
    touch_role,
    touch_roles,
)
from assent.protocols.postgres.statements.scope import Scope
from assent.protocols.postgres.statements.walk import Reader, constant, strings

# Options of a role that give it power.
_POWERS: Final = frozenset(
    [
        "superuser",
        "createdb",
        "createrole",
        "isreplication",
        "bypassrls",
        "rolemembers",
        "addroleto",
        "adminmembers",
    ]
)
# What a catalogue does not have while it is switched off.
_SWITCHED_ON: Final = frozenset(
    {
        pb.AT_EnableTrig,
        pb.AT_EnableAlwaysTrig,
        pb.AT_EnableReplicaTrig,
        pb.AT_EnableTrigAll,
        pb.AT_EnableTrigUser,
        pb.AT_EnableRule,
        pb.AT_EnableAlwaysRule,
        pb.AT_EnableReplicaRule,
    }
)


def create_table(reader: Reader, node: pb.CreateStmt) -> None:
    """CREATE TABLE: what it inherits from is altered, what it refers to is read."""
    table = reader.touch_table("sql.create", node.relation)
    define_table(reader, table)
    note_keys(reader, table, (*node.table_elts, *node.constraints))
    for parent in node.inh_relations:
        note_relatives(reader, parent.range_var, table)
    for element in node.table_elts:
        if element.HasField("table_like_clause"):
            define_like(reader, table, element.table_like_clause.relation)
    with reader.mentioning("sql.alter"):
        reader.visit_all(node.inh_relations)
    with reader.mentioning("sql.read"):
        reader.visit_parts(node, "relation", "inh_relations")


def create_foreign_table(reader: Reader, node: pb.CreateForeignTableStmt) -> None:
    """CREATE FOREIGN TABLE: a table through which another server is read."""
    create_table(reader, node.base_stmt)
    reader.visit_all(node.options)


def create_table_as(reader: Reader, node: pb.CreateTableAsStmt) -> None:
    """CREATE TABLE AS and CREATE MATERIALIZED VIEW: creates, and does what its query does."""
    table = reader.touch_table("sql.create", node.into.rel)
    reader.visit(node.query)
    define_copy(reader, table)


def create_view(reader: Reader, node: pb.ViewStmt) -> None:
    """CREATE VIEW: creates, and is judged as reading what the view will read."""
    view = reader.touch_table("sql.create", node.view)
    reader.visit(node.query)
    define_query(reader, view, node.query)


def create_function(reader: Reader, node: pb.CreateFunctionStmt) -> None:
    """CREATE FUNCTION: a body given as text is not seen, one given as SQL is judged."""
    reader.findings.touch("sql.create", "Function", reader.names.qualified(strings(node.funcname)))
    options = {item.def_elem.defname: item.def_elem.arg for item in node.options}
    language = constant(options["language"]) if "language" in options else None
    if language in ("c", "internal") and "as" in options:
        library = strings(options["as"].list.items)[:1]
        reader.findings.touch("sql.program", "File", library[0] if library else "*")
    reader.visit_all(node.parameters)
    reader.visit(node.sql_body)
    define_function(reader, node)


def create_index(reader: Reader, node: pb.IndexStmt) -> None:
    """CREATE INDEX: its expressions are computed now."""
    table = reader.touch_table("sql.alter", node.relation)
    name = reader.names.relation(node.relation.schemaname, node.idxname or "*")
    reader.findings.touch("sql.create", "Object", name)
    with reader.inside(Scope(None)) as scope:
        scope.add(node.relation.relname, (table,))
        reader.visit_parts(node, "relation")


def create_statistics(reader: Reader, node: pb.CreateStatsStmt) -> None:
    """CREATE STATISTICS on tables."""
    reader.findings.touch("sql.create", "Object", reader.names.qualified(strings(node.defnames)))
    with reader.mentioning("sql.alter"):
        reader.visit_all(node.relations)
    reader.visit_all(node.exprs)


def create_trigger(reader: Reader, node: pb.CreateTrigStmt) -> None:
    """CREATE TRIGGER: the function will run, with the rights of whoever writes to the table."""
    reader.touch_table("sql.alter", node.relation)
    reader.findings.touch("sql.create", "Object", node.trigname)
    function = reader.names.qualified(strings(node.funcname))
    reader.findings.touch("sql.execute", "Function", function)
    define_trigger(reader, node)
    with reader.mentioning("sql.read"):
        reader.visit(node.constrrel) if node.HasField("constrrel") else None
    reader.visit(node.when_clause)


def create_event_trigger(reader: Reader, node: pb.CreateEventTrigStmt) -> None:
    """CREATE EVENT TRIGGER."""
    define_event_trigger(reader, node)
    reader.findings.touch("sql.create", "Object", node.trigname)
    function = reader.names.qualified(strings(node.funcname))
    reader.findings.touch("sql.execute", "Function", function)


def create_rule(reader: Reader, node: pb.RuleStmt) -> None:
    """CREATE RULE: judged as doing now what it will do."""
    table = reader.touch_table("sql.alter", node.relation)
    reader.findings.touch("sql.create", "Object", node.rulename)
    define_rule(reader, table, node)
    with reader.inside(Scope(None)) as scope:
        scope.add(node.relation.relname, (table,))
        scope.name("old", (table,))
        scope.name("new", ())
        reader.visit(node.where_clause)
        reader.visit_all(node.actions)


def policy(reader: Reader, node: pb.CreatePolicyStmt | pb.AlterPolicyStmt) -> None:
    """CREATE and ALTER POLICY: who sees which rows."""
    table = reader.touch_table("sql.alter", node.table)
    verb = "sql.create" if isinstance(node, pb.CreatePolicyStmt) else "sql.alter"
    reader.findings.touch(verb, "Object", node.policy_name)
    touch_roles(reader, "sql.grant", node.roles)
    with reader.inside(Scope(None)) as scope:
        scope.add(node.table.relname, (table,))
        reader.visit(node.qual)
        reader.visit(node.with_check)


def create_schema(reader: Reader, node: pb.CreateSchemaStmt) -> None:
    """CREATE SCHEMA, with what is created inside."""
    if node.HasField("authrole"):
        touch_role(reader, "sql.grant", node.authrole)
    name = node.schemaname or role_name(node.authrole)
    reader.findings.touch("sql.create", "Schema", name)
    # What is created inside has the schema's name, and looks for others there first.
    outer = reader.names
    reader.names = outer.under((name, *outer.search_path))
    reader.names.first_schema = name
    reader.visit_all(node.schema_elts)
    reader.names = outer


def define(reader: Reader, node: pb.DefineStmt) -> None:
    """CREATE AGGREGATE, OPERATOR, TYPE, COLLATION, TEXT SEARCH …"""
    names = pb.List(items=node.defnames)
    touch_object(reader, "sql.create", node.kind, names)


def create_sequence(reader: Reader, node: pb.CreateSeqStmt) -> None:
    """CREATE SEQUENCE."""
    touch_relation(reader, "sql.create", pb.OBJECT_SEQUENCE, node.sequence)


def alter_sequence(reader: Reader, node: pb.AlterSeqStmt) -> None:
    """ALTER SEQUENCE."""
    touch_relation(reader, "sql.alter", pb.OBJECT_SEQUENCE, node.sequence)


def create_domain(reader: Reader, node: pb.CreateDomainStmt) -> None:
    """CREATE DOMAIN, with its checks."""
    name = reader.names.qualified(strings(node.domainname))
    reader.findings.touch("sql.create", "Type", name)
    reader.visit_all(node.constraints)

    def read(inner: Reader) -> None:
        cast_to(inner, node.type_name)
        inner.visit_all(node.constraints)

    define_type(reader, name, read)


def create_cast(reader: Reader, node: pb.CreateCastStmt) -> None:
    """CREATE CAST."""
    reader.findings.touch("sql.create", "Object", "*")
    define_cast(reader, node)


def column(reader: Reader, node: pb.ColumnDef) -> None:
    """A column: what makes values of its type will run when rows are stored."""
    cast_to(reader, node.type_name)
    reader.visit_parts(node)


def create_type(reader: Reader, node: pb.CreateEnumStmt | pb.CreateRangeStmt) -> None:
    """CREATE TYPE … AS ENUM or RANGE."""
    reader.findings.touch("sql.create", "Type", reader.names.qualified(strings(node.type_name)))


def create_composite(reader: Reader, node: pb.CompositeTypeStmt) -> None:
    """CREATE TYPE … AS (columns)."""
    touch_relation(reader, "sql.create", pb.OBJECT_TYPE, node.typevar)


def alter_table(reader: Reader, node: pb.AlterTableStmt) -> None:
    """ALTER TABLE, VIEW, INDEX, SEQUENCE, TYPE: with all its parts; a new owner is a grant."""
    touch_relation(reader, "sql.alter", node.objtype, node.relation)
    for item in node.cmds:
        command = item.alter_table_cmd
        if command.subtype == pb.AT_ChangeOwner:
            touch_role(reader, "sql.grant", command.newowner)
            reader.touch_table("sql.grant", node.relation)
        _note_altered(reader, reader.table(node.relation), node.relation, command)
    with reader.mentioning("sql.alter"):
        reader.visit_all(node.cmds)


def _note_altered(
    reader: Reader, table: str, relation: pb.RangeVar, command: pb.AlterTableCmd
) -> None:
    """Note what comes to happen with a table, for what follows in the session."""
    part = getattr(command, "def")
    note_keys(reader, table, [part])
    if command.subtype == pb.AT_AddInherit:
        note_relatives(reader, part.range_var, table)
    elif command.subtype == pb.AT_AttachPartition:
        note_relatives(reader, relation, reader.table(part.partition_cmd.name))
    elif command.subtype == pb.AT_EnableRowSecurity:
        define_like(reader, table, relation)
    elif command.subtype in _SWITCHED_ON:
        define_altered(reader, table)


def constraint(reader: Reader, node: pb.Constraint) -> None:
    """A constraint. A foreign key can probe what it refers to, and ties its rows down."""
    if node.HasField("pktable"):
        columns = strings(node.pk_attrs)
        reader.touch_table("sql.read", node.pktable, columns)
        reader.touch_table("sql.alter", node.pktable)
    reader.visit_parts(node, "pktable")


def partition(reader: Reader, node: pb.PartitionCmd) -> None:
    """ATTACH and DETACH PARTITION: the partition is altered too."""
    if node.HasField("name"):
        reader.touch_table("sql.alter", node.name)
    reader.visit(node.bound)


def alter_domain(reader: Reader, node: pb.AlterDomainStmt) -> None:
    """ALTER DOMAIN."""
    reader.findings.touch("sql.alter", "Type", reader.names.qualified(strings(node.type_name)))
    reader.visit(getattr(node, "def"))


def alter_type(reader: Reader, node: pb.AlterEnumStmt | pb.AlterTypeStmt) -> None:
    """ALTER TYPE."""
    reader.findings.touch("sql.alter", "Type", reader.names.qualified(strings(node.type_name)))


def alter_function(reader: Reader, node: pb.AlterFunctionStmt) -> None:
    """ALTER FUNCTION."""
    touch_object(reader, "sql.alter", pb.OBJECT_FUNCTION, node.func)
    for routine in reader.names.find_routines(strings(node.func.objname), None):
        define_altered(reader, full_name(routine))


def rename(reader: Reader, node: pb.RenameStmt) -> None:
    """ALTER … RENAME; a table's new name is altered too: policies go by names."""
    note_rename(reader, node)
    if node.HasField("relation"):
        touch_relation(reader, "sql.alter", node.rename_type, node.relation)
        if not node.subname:
            renamed = pb.RangeVar(schemaname=node.relation.schemaname, relname=node.newname)
            touch_relation(reader, "sql.alter", node.rename_type, renamed)
    elif node.HasField("object"):
        touch_object(reader, "sql.alter", node.rename_type, node.object)
    else:
        kinds = {pb.OBJECT_ROLE: "Role", pb.OBJECT_SCHEMA: "Schema", pb.OBJECT_DATABASE: "Database"}
        kind = kinds.get(node.rename_type, "Object")
        reader.findings.touch("sql.alter", kind, node.subname or "*")
        reader.findings.touch("sql.alter", kind, node.newname)


def alter_schema(reader: Reader, node: pb.AlterObjectSchemaStmt) -> None:
    """ALTER … SET SCHEMA: both names are altered."""
    note_move(reader, node)
    if node.HasField("relation"):
        touch_relation(reader, "sql.alter", node.object_type, node.relation)
        moved = pb.RangeVar(schemaname=node.newschema, relname=node.relation.relname)
        touch_relation(reader, "sql.alter", node.object_type, moved)
    else:
        touch_object(reader, "sql.alter", node.object_type, node.object)
    reader.findings.touch("sql.alter", "Schema", node.newschema)


def alter_depends(reader: Reader, node: pb.AlterObjectDependsStmt) -> None:
    """ALTER … DEPENDS ON EXTENSION."""
    if node.HasField("relation"):
        touch_relation(reader, "sql.alter", node.object_type, node.relation)
    else:
        touch_object(reader, "sql.alter", node.object_type, node.object)


def alter_owner(reader: Reader, node: pb.AlterOwnerStmt) -> None:
    """ALTER … OWNER TO: a grant."""
    if node.HasField("relation"):
        touch_relation(reader, "sql.grant", node.object_type, node.relation)
    else:
        touch_object(reader, "sql.grant", node.object_type, node.object)
    touch_role(reader, "sql.grant", node.newowner)


def describe(reader: Reader, node: pb.CommentStmt | pb.SecLabelStmt) -> None:
    """COMMENT and SECURITY LABEL."""
    touch_object(reader, "sql.alter", node.objtype, node.object)


def drop(reader: Reader, node: pb.DropStmt) -> None:
    """DROP; with CASCADE also what cannot be seen from here."""
    for item in node.objects:
        touch_object(reader, "sql.drop", node.remove_type, item)
    if node.behavior == pb.DROP_CASCADE:
        reader.findings.touch("sql.drop", "Object", "*")


def truncate(reader: Reader, node: pb.TruncateStmt) -> None:
    """TRUNCATE; with CASCADE also tables that refer to these."""
    for item in node.relations:
        reader.touch_table("sql.truncate", item.range_var)
    if node.behavior == pb.DROP_CASCADE:
        truncate_referring(reader, node)


def grant(reader: Reader, node: pb.GrantStmt) -> None:
    """GRANT and REVOKE of privileges."""
    in_schema = node.targtype == pb.ACL_TARGET_ALL_IN_SCHEMA
    kind = pb.OBJECT_SCHEMA if in_schema else node.objtype
    for item in node.objects:
        touch_object(reader, "sql.grant", kind, item)
    touch_roles(reader, "sql.grant", node.grantees)


def grant_role(reader: Reader, node: pb.GrantRoleStmt) -> None:
    """GRANT and REVOKE of roles."""
    for item in node.granted_roles:
        reader.findings.touch("sql.grant", "Role", item.access_priv.priv_name)
    touch_roles(reader, "sql.grant", node.grantee_roles)


def default_privileges(reader: Reader, node: pb.AlterDefaultPrivilegesStmt) -> None:
    """ALTER DEFAULT PRIVILEGES: of all that will be created."""
    reader.findings.touch("sql.grant", "Schema", "*")
    touch_roles(reader, "sql.grant", node.action.grantees)


def create_role(reader: Reader, node: pb.CreateRoleStmt) -> None:
    """CREATE ROLE; with powers or memberships it grants too."""
    reader.findings.touch("sql.create", "Role", node.role)
    if any(item.def_elem.defname in _POWERS for item in node.options):
        reader.findings.touch("sql.grant", "Role", node.role)


def alter_role(reader: Reader, node: pb.AlterRoleStmt) -> None:
    """ALTER ROLE and ALTER GROUP; with powers or memberships it grants too."""
    touch_role(reader, "sql.alter", node.role)
    if any(item.def_elem.defname in _POWERS for item in node.options):
        touch_role(reader, "sql.grant", node.role)


def alter_role_set(reader: Reader, node: pb.AlterRoleSetStmt) -> None:
    """ALTER ROLE … SET: for sessions to come."""
    touch_role(reader, "sql.alter", node.role)
    reader.findings.touch("sql.alter", "Setting", node.setstmt.name or "*")


def alter_database_set(reader: Reader, node: pb.AlterDatabaseSetStmt) -> None:
    """ALTER DATABASE … SET: for sessions to come."""
    reader.findings.touch("sql.alter", "Database", node.dbname)
    reader.findings.touch("sql.alter", "Setting", node.setstmt.name or "*")


def alter_system(reader: Reader, node: pb.AlterSystemStmt) -> None:
    """ALTER SYSTEM."""
    reader.findings.touch("sql.alter", "Setting", node.setstmt.name or "*")


def drop_roles(reader: Reader, node: pb.DropRoleStmt) -> None:
    """DROP ROLE."""
    touch_roles(reader, "sql.drop", node.roles)


def drop_owned(reader: Reader, node: pb.DropOwnedStmt) -> None:
    """DROP OWNED: whatever they own, which cannot be seen from here."""
    touch_roles(reader, "sql.drop", node.roles)
    reader.findings.touch("sql.drop", "Object", "*")


def reassign_owned(reader: Reader, node: pb.ReassignOwnedStmt) -> None:
    """REASSIGN OWNED: a grant of whatever they own."""
    touch_roles(reader, "sql.grant", node.roles)
    touch_role(reader, "sql.grant", node.newrole)


def import_schema(reader: Reader, node: pb.ImportForeignSchemaStmt) -> None:
    """IMPORT FOREIGN SCHEMA."""
    reader.findings.touch("sql.create", "Object", node.server_name)
    reader.findings.touch("sql.create", "Schema", node.local_schema)


def create_tablespace(reader: Reader, node: pb.CreateTableSpaceStmt) -> None:
    """CREATE TABLESPACE: in a folder of the server."""
    reader.findings.touch("sql.create", "Object", node.tablespacename)
    reader.findings.touch("sql.program", "File", node.location or "*")


def publication(reader: Reader, node: pb.CreatePublicationStmt | pb.AlterPublicationStmt) -> None:
    """CREATE and ALTER PUBLICATION: its tables go out to whoever subscribes."""
    verb = "sql.create" if isinstance(node, pb.CreatePublicationStmt) else "sql.alter"
    reader.findings.touch(verb, "Object", node.pubname)
    if node.for_all_tables:
        reader.findings.touch("sql.read", "Table", "*", "*")
    with reader.mentioning("sql.read"):
        reader.visit_all(node.pubobjects)
