"""Which rule reads which node. What is not here and not transparent is unknown."""

from collections.abc import Callable
from typing import Any, Final

from google.protobuf.message import Message

from assent.protocols.postgres.statements import (
    calls,
    ddl,
    expressions,
    queries,
    relations,
    utility,
)
from assent.protocols.postgres.statements.walk import Handler, Handlers, Reader

# Rules take the one message that their key names; the key is what makes that sure.
_RULES: Final[dict[str, Callable[[Reader, Any], None]]] = {
    # Queries
    "SelectStmt": queries.select,
    "InsertStmt": queries.insert,
    "UpdateStmt": queries.update,
    "DeleteStmt": queries.delete,
    "MergeStmt": queries.merge,
    # Expressions
    "ColumnRef": expressions.column,
    "SubLink": expressions.sublink,
    "A_Expr": expressions.operation,
    "SortBy": expressions.order,
    "TypeCast": expressions.cast,
    "CaseExpr": expressions.case,
    "JsonOutput": expressions.typed,
    "JsonTableColumn": expressions.typed,
    "RangeTableFuncCol": expressions.typed,
    "XmlSerialize": expressions.typed,
    "A_Indirection": expressions.indirection,
    "RangeVar": expressions.relation,
    "RangeSubselect": expressions.subselect,
    "FuncCall": calls.call,
    # All of a text, when the rest of it has been read
    "ParseResult": relations.look_behind,
    # The session
    "TransactionStmt": utility.transaction,
    "VariableSetStmt": utility.set_variable,
    "VariableShowStmt": utility.show,
    "ClosePortalStmt": utility.session,
    "FetchStmt": utility.session,
    "DeallocateStmt": utility.session,
    "DiscardStmt": utility.session,
    "UnlistenStmt": utility.session,
    "ConstraintsSetStmt": utility.session,
    "ListenStmt": utility.listen,
    "NotifyStmt": utility.notify,
    "PrepareStmt": utility.prepare,
    "ExecuteStmt": utility.execute,
    "DeclareCursorStmt": utility.declare_cursor,
    "ExplainStmt": utility.explain,
    "CopyStmt": utility.copy,
    "LockStmt": utility.lock,
    "DoStmt": utility.do,
    "CallStmt": utility.call,
    "LoadStmt": utility.load,
    # Upkeep
    "VacuumStmt": utility.vacuum,
    "ClusterStmt": utility.maintain,
    "ReindexStmt": utility.maintain,
    "RefreshMatViewStmt": utility.maintain,
    "CheckPointStmt": utility.checkpoint,
    # Making
    "CreateStmt": ddl.create_table,
    "CreateForeignTableStmt": ddl.create_foreign_table,
    "CreateTableAsStmt": ddl.create_table_as,
    "ViewStmt": ddl.create_view,
    "CreateFunctionStmt": ddl.create_function,
    "IndexStmt": ddl.create_index,
    "CreateStatsStmt": ddl.create_statistics,
    "CreateTrigStmt": ddl.create_trigger,
    "CreateEventTrigStmt": ddl.create_event_trigger,
    "RuleStmt": ddl.create_rule,
    "CreatePolicyStmt": ddl.policy,
    "CreateSchemaStmt": ddl.create_schema,
    "DefineStmt": ddl.define,
    "CreateSeqStmt": ddl.create_sequence,
    "CreateDomainStmt": ddl.create_domain,
    "CreateCastStmt": ddl.create_cast,
    "ColumnDef": ddl.column,
    "CreateEnumStmt": ddl.create_type,
    "CreateRangeStmt": ddl.create_type,
    "CompositeTypeStmt": ddl.create_composite,
    "CreateRoleStmt": ddl.create_role,
    "CreateTableSpaceStmt": ddl.create_tablespace,
    "ImportForeignSchemaStmt": ddl.import_schema,
    "CreatePublicationStmt": ddl.publication,
    # Changing
    "AlterTableStmt": ddl.alter_table,
    "Constraint": ddl.constraint,
    "PartitionCmd": ddl.partition,
    "AlterPolicyStmt": ddl.policy,
    "AlterSeqStmt": ddl.alter_sequence,
    "AlterDomainStmt": ddl.alter_domain,
    "AlterEnumStmt": ddl.alter_type,
    "AlterTypeStmt": ddl.alter_type,
    "AlterFunctionStmt": ddl.alter_function,
    "AlterPublicationStmt": ddl.publication,
    "RenameStmt": ddl.rename,
    "AlterObjectSchemaStmt": ddl.alter_schema,
    "AlterObjectDependsStmt": ddl.alter_depends,
    "AlterRoleStmt": ddl.alter_role,
    "AlterRoleSetStmt": ddl.alter_role_set,
    "AlterDatabaseSetStmt": ddl.alter_database_set,
    "AlterSystemStmt": ddl.alter_system,
    "CommentStmt": ddl.describe,
    "SecLabelStmt": ddl.describe,
    # Removing
    "DropStmt": ddl.drop,
    "TruncateStmt": ddl.truncate,
    "DropRoleStmt": ddl.drop_roles,
    "DropOwnedStmt": ddl.drop_owned,
    # Rights
    "GrantStmt": ddl.grant,
    "GrantRoleStmt": ddl.grant_role,
    "AlterDefaultPrivilegesStmt": ddl.default_privileges,
    "AlterOwnerStmt": ddl.alter_owner,
    "ReassignOwnedStmt": ddl.reassign_owned,
}

# Statements that do one thing to one thing: verb, kind of resource, field with its name.
_PLAIN: Final[dict[str, tuple[str, str, str]]] = {
    "CreateExtensionStmt": ("sql.create", "Extension", "extname"),
    "AlterExtensionStmt": ("sql.alter", "Extension", "extname"),
    "AlterExtensionContentsStmt": ("sql.alter", "Extension", "extname"),
    "CreatedbStmt": ("sql.create", "Database", "dbname"),
    "AlterDatabaseStmt": ("sql.alter", "Database", "dbname"),
    "AlterDatabaseRefreshCollStmt": ("sql.alter", "Database", "dbname"),
    "DropdbStmt": ("sql.drop", "Database", "dbname"),
    "CreateFdwStmt": ("sql.create", "Object", "fdwname"),
    "AlterFdwStmt": ("sql.alter", "Object", "fdwname"),
    "CreateForeignServerStmt": ("sql.create", "Object", "servername"),
    "AlterForeignServerStmt": ("sql.alter", "Object", "servername"),
    "CreateUserMappingStmt": ("sql.create", "Object", "servername"),
    "AlterUserMappingStmt": ("sql.alter", "Object", "servername"),
    "DropUserMappingStmt": ("sql.drop", "Object", "servername"),
    "CreateSubscriptionStmt": ("sql.create", "Object", "subname"),
    "AlterSubscriptionStmt": ("sql.alter", "Object", "subname"),
    "DropSubscriptionStmt": ("sql.drop", "Object", "subname"),
    "CreateAmStmt": ("sql.create", "Object", "amname"),
    "CreatePLangStmt": ("sql.create", "Object", "plname"),
    "AlterEventTrigStmt": ("sql.alter", "Object", "trigname"),
    "DropTableSpaceStmt": ("sql.drop", "Object", "tablespacename"),
    "AlterTableSpaceOptionsStmt": ("sql.alter", "Object", "tablespacename"),
    "AlterTableMoveAllStmt": ("sql.alter", "Object", "orig_tablespacename"),
}
# The same, where the name is a list of parts, or there is none.
_PLAIN_LISTS: Final[dict[str, tuple[str, str]]] = {
    "AlterCollationStmt": ("sql.alter", "collname"),
    "AlterStatsStmt": ("sql.alter", "defnames"),
    "AlterTSDictionaryStmt": ("sql.alter", "dictname"),
    "AlterTSConfigurationStmt": ("sql.alter", "cfgname"),
    "AlterOpFamilyStmt": ("sql.alter", "opfamilyname"),
    "CreateOpFamilyStmt": ("sql.create", "opfamilyname"),
    "CreateOpClassStmt": ("sql.create", "opclassname"),
    "CreateConversionStmt": ("sql.create", "conversion_name"),
    "AlterOperatorStmt": ("sql.alter", ""),
    "CreateTransformStmt": ("sql.create", ""),
}


def _plain(verb: str, kind: str, field: str) -> Handler:
    def rule(reader: Reader, node: Message) -> None:
        name: str = getattr(node, field)
        reader.findings.touch(verb, kind, name or "*")

    return rule


def _plain_list(verb: str, field: str) -> Handler:
    def rule(reader: Reader, node: Message) -> None:
        names: list[str] = [part.string.sval for part in getattr(node, field)] if field else []
        name = reader.names.qualified(names) if names else "*"
        reader.findings.touch(verb, "Object", name)

    return rule


HANDLERS: Final[Handlers] = {
    **_RULES,
    **{name: _plain(*rule) for name, rule in _PLAIN.items()},
    **{name: _plain_list(*rule) for name, rule in _PLAIN_LISTS.items()},
}
