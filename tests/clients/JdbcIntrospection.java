import java.lang.reflect.Method;
import java.sql.*;

/** Asks PostgreSQL's JDBC driver for all that java.sql.DatabaseMetaData can tell. */
public class JdbcIntrospection {
    private static final String[] PATTERNS = {null, "%", "orders", "customers", "v\\_nested"};

    public static void main(String[] arguments) throws Exception {
        try (Connection connection = DriverManager.getConnection(arguments[0])) {
            DatabaseMetaData facts = connection.getMetaData();
            for (Method method : DatabaseMetaData.class.getMethods()) {
                if (method.getParameterCount() == 0) call(facts, method);
            }
            for (String schema : new String[] {null, "public", "hidden"}) {
                for (String table : PATTERNS) everything(facts, schema, table);
            }
            types(connection);
        }
    }

    static void call(DatabaseMetaData facts, Method method) throws Exception {
        try {
            drain(method.invoke(facts));
        } catch (java.lang.reflect.InvocationTargetException fault) {
            if (!(fault.getCause() instanceof SQLFeatureNotSupportedException)) throw fault;
        }
    }

    static void everything(DatabaseMetaData facts, String schema, String table) throws Exception {
        String[] kinds = {
            "TABLE", "VIEW", "MATERIALIZED VIEW", "PARTITIONED TABLE", "FOREIGN TABLE", "SEQUENCE",
            "INDEX", "SYSTEM TABLE", "SYSTEM VIEW", "TYPE", "TEMPORARY TABLE"
        };
        drain(facts.getTables(null, schema, table, null));
        drain(facts.getTables(null, schema, table, kinds));
        drain(facts.getSchemas(null, schema));
        drain(facts.getColumns(null, schema, table, null));
        drain(facts.getColumns(null, schema, table, "id"));
        drain(facts.getTablePrivileges(null, schema, table));
        drain(facts.getProcedures(null, schema, null));
        drain(facts.getProcedureColumns(null, schema, "p_sql", null));
        drain(facts.getFunctions(null, schema, "f%"));
        drain(facts.getFunctionColumns(null, schema, "f_over", "%"));
        drain(facts.getUDTs(null, schema, null, null));
        drain(facts.getImportedKeys(null, schema, table));
        drain(facts.getExportedKeys(null, schema, table));
        drain(facts.getCrossReference(null, schema, "orders", null, schema, "customers"));
        if (table != null) {
            drain(facts.getColumnPrivileges(null, schema, table, null));
            drain(facts.getPrimaryKeys(null, schema, table));
            drain(facts.getIndexInfo(null, schema, table, false, false));
            drain(facts.getIndexInfo(null, schema, table, true, true));
            drain(facts.getBestRowIdentifier(null, schema, table, 2, true));
            drain(facts.getVersionColumns(null, schema, table));
        }
    }

    /** What the driver looks up by itself: types of results, of arrays, of parameters. */
    static void types(Connection connection) throws SQLException {
        String text = "select t.*, o.tags, o.data from typed t, orders o, numbered";
        try (PreparedStatement one = connection.prepareStatement(text)) {
            ResultSetMetaData columns = one.getMetaData();
            for (int place = 1; place <= columns.getColumnCount(); place++) {
                columns.getColumnTypeName(place);
                columns.getColumnClassName(place);
                columns.isAutoIncrement(place);
                columns.isNullable(place);
                columns.getSchemaName(place);
            }
            one.getParameterMetaData().getParameterCount();
        }
        connection.createArrayOf("text", new String[] {"a"});
        connection.createArrayOf("mood", new String[] {"good"});
        connection.getSchema();
        connection.getCatalog();
        connection.getTransactionIsolation();
        connection.isValid(1);
        connection.getClientInfo();
        connection.setSchema("public");
        connection.setReadOnly(true);
        connection.setClientInfo("ApplicationName", "introspection");
    }

    static void drain(Object result) throws SQLException {
        if (!(result instanceof ResultSet)) return;
        try (ResultSet rows = (ResultSet) result) {
            while (rows.next()) rows.getString(1);
        }
    }
}
