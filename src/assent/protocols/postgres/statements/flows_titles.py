"""What PostgreSQL calls a column of a result that was given no name.

source: FigureColnameInternal of PostgreSQL 18, parser/parse_target.c, told in our own words.
"""

from typing import Final

from postgast import pg_query_pb2 as pb

from assent.protocols.postgres.statements.flows_scope import Lost

UNNAMED: Final = "?column?"

_FIXED: Final = {
    "grouping_func": "grouping",
    "merge_support_func": "merge_action",
    "a_array_expr": "array",
    "row_expr": "row",
    "coalesce_expr": "coalesce",
    "xml_serialize": "xmlserialize",
    "json_parse_expr": "json",
    "json_scalar_expr": "json_scalar",
    "json_serialize_expr": "json_serialize",
    "json_object_constructor": "json_object",
    "json_array_constructor": "json_array",
    "json_array_query_constructor": "json_array",
    "json_object_agg": "json_objectagg",
    "json_array_agg": "json_arrayagg",
}
_VALUES: Final = {
    pb.SVFOP_CURRENT_DATE: "current_date",
    pb.SVFOP_CURRENT_TIME: "current_time",
    pb.SVFOP_CURRENT_TIME_N: "current_time",
    pb.SVFOP_CURRENT_TIMESTAMP: "current_timestamp",
    pb.SVFOP_CURRENT_TIMESTAMP_N: "current_timestamp",
    pb.SVFOP_LOCALTIME: "localtime",
    pb.SVFOP_LOCALTIME_N: "localtime",
    pb.SVFOP_LOCALTIMESTAMP: "localtimestamp",
    pb.SVFOP_LOCALTIMESTAMP_N: "localtimestamp",
    pb.SVFOP_CURRENT_ROLE: "current_role",
    pb.SVFOP_CURRENT_USER: "current_user",
    pb.SVFOP_USER: "user",
    pb.SVFOP_SESSION_USER: "session_user",
    pb.SVFOP_CURRENT_CATALOG: "current_catalog",
    pb.SVFOP_CURRENT_SCHEMA: "current_schema",
}
_XML: Final = {
    pb.IS_XMLCONCAT: "xmlconcat",
    pb.IS_XMLELEMENT: "xmlelement",
    pb.IS_XMLFOREST: "xmlforest",
    pb.IS_XMLPARSE: "xmlparse",
    pb.IS_XMLPI: "xmlpi",
    pb.IS_XMLROOT: "xmlroot",
    pb.IS_XMLSERIALIZE: "xmlserialize",
}
_JSON: Final = {
    pb.JSON_EXISTS_OP: "json_exists",
    pb.JSON_QUERY_OP: "json_query",
    pb.JSON_VALUE_OP: "json_value",
}


def title_of(node: pb.Node) -> str:
    """Return the name of a result's column that is this expression."""
    if node.HasField("column_ref"):
        fields = node.column_ref.fields
        return str(fields[len(fields) - 1].string.sval) or UNNAMED
    return _title(node)[0] or UNNAMED


def _title(node: pb.Node) -> tuple[str, bool]:
    """Return a name, empty for none, and whether it is better than that of a type around it."""
    kind = node.WhichOneof("node") or ""
    if kind in _FIXED:
        return _FIXED[kind], True
    match kind:
        case "column_ref":
            named = [one.string.sval for one in node.column_ref.fields if one.HasField("string")]
            return (named[-1], True) if named else ("", False)
        case "func_call":
            parts = node.func_call.funcname
            return parts[len(parts) - 1].string.sval, True
        case "a_indirection":
            steps = [
                one.string.sval for one in node.a_indirection.indirection if one.HasField("string")
            ]
            return (steps[-1], True) if steps else _title(node.a_indirection.arg)
        case "type_cast":
            return _or_of_type(_title(node.type_cast.arg), node.type_cast.type_name)
        case "collate_clause":
            return _title(node.collate_clause.arg)
        case "case_expr":
            inner = _title(node.case_expr.defresult)
            return inner if inner[1] else ("case", False)
        case "sub_link":
            return _of_sublink(node.sub_link)
        case _:
            return _of_keyword(kind, node)


def _or_of_type(inner: tuple[str, bool], type_name: pb.TypeName) -> tuple[str, bool]:
    if inner[1] or not type_name.names:
        return inner
    return type_name.names[len(type_name.names) - 1].string.sval, False


def _of_keyword(kind: str, node: pb.Node) -> tuple[str, bool]:
    name = ""
    if kind == "a_expr" and node.a_expr.kind == pb.AEXPR_NULLIF:
        name = "nullif"
    elif kind == "min_max_expr":
        name = "greatest" if node.min_max_expr.op == pb.IS_GREATEST else "least"
    elif kind == "sqlvalue_function":
        name = _VALUES.get(node.sqlvalue_function.op, "")
    elif kind == "xml_expr":
        name = _XML.get(node.xml_expr.op, "")
    elif kind == "json_func_expr":
        name = _JSON.get(node.json_func_expr.op, "")
    return name, bool(name)


def _of_sublink(node: pb.SubLink) -> tuple[str, bool]:
    if node.sub_link_type == pb.EXISTS_SUBLINK:
        return "exists", True
    if node.sub_link_type == pb.ARRAY_SUBLINK:
        return "array", True
    if node.sub_link_type != pb.EXPR_SUBLINK:
        return "", False
    query = node.subselect.select_stmt
    while query.op != pb.SETOP_NONE:
        query = query.larg
    if query.values_lists:
        return "column1", True
    if not query.target_list:
        raise Lost
    first = query.target_list[0].res_target
    if first.name:
        return first.name, True
    value = first.val.column_ref
    if value.fields and value.fields[len(value.fields) - 1].HasField("a_star"):
        # It is called after a column that is not told here.
        raise Lost
    return title_of(first.val), True
