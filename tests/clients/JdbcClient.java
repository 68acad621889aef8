import java.sql.*;
import java.util.*;

/** What test_jdbc.py runs: one check after the other, each a line `ok NAME` or a stack trace. */
public class JdbcClient {
    static String table;

    interface Check { void run(Connection connection) throws Exception; }

    public static void main(String[] words) throws Exception {
        String url = words[0];
        table = words[1];
        Properties properties = new Properties();
        properties.setProperty("user", System.getenv("PGUSER"));
        properties.setProperty("password", System.getenv("PGPASSWORD"));
        properties.setProperty("sslmode", words[2]);
        properties.setProperty("prepareThreshold", "3");
        Map<String, Check> checks = new LinkedHashMap<>();
        checks.put("query", JdbcClient::query);
        checks.put("prepared", JdbcClient::prepared);
        checks.put("batch", JdbcClient::batch);
        checks.put("transaction", JdbcClient::transaction);
        checks.put("fetchsize", JdbcClient::fetchSize);
        checks.put("error", JdbcClient::error);
        checks.put("refused", JdbcClient::refused);
        checks.put("refused-in-transaction", JdbcClient::refusedInTransaction);
        checks.put("metadata", JdbcClient::metadata);
        checks.put("copy", JdbcClient::copy);
        checks.put("timeout", JdbcClient::timeout);
        checks.put("held", JdbcClient::held);
        checks.put("rejected", JdbcClient::rejected);
        for (Map.Entry<String, Check> check : checks.entrySet()) {
            try (Connection connection = DriverManager.getConnection(url, properties)) {
                check.getValue().run(connection);
                connection.setAutoCommit(true);
                require(number(connection, "select 42") == 42, "the connection is usable");
            }
            System.out.println("ok " + check.getKey());
        }
    }

    static void require(boolean seen, String what) {
        if (!seen) throw new IllegalStateException("not so: " + what);
    }

    static long number(Connection connection, String statement) throws SQLException {
        try (Statement one = connection.createStatement(); ResultSet rows = one.executeQuery(statement)) {
            rows.next();
            return rows.getLong(1);
        }
    }

    static String state(Connection connection, String statement) throws SQLException {
        try (Statement one = connection.createStatement()) {
            one.execute(statement);
            return "";
        } catch (SQLException fault) {
            return fault.getSQLState();
        }
    }

    static void query(Connection connection) throws SQLException {
        require(number(connection, "select count(*) from " + table) == 1000, "1000 rows");
    }

    static void prepared(Connection connection) throws SQLException {
        try (PreparedStatement one = connection.prepareStatement("select cents from " + table + " where id = ?")) {
            for (int id = 1; id <= 20; id++) {
                one.setInt(1, id);
                try (ResultSet rows = one.executeQuery()) {
                    rows.next();
                    require(rows.getInt(1) == id * 10, "cents of " + id);
                }
            }
        }
    }

    static void batch(Connection connection) throws SQLException {
        try (PreparedStatement one = connection.prepareStatement("insert into " + table + " values (?, ?, ?)")) {
            for (int id = 2001; id <= 2100; id++) {
                one.setInt(1, id);
                one.setString(2, "batch");
                one.setLong(3, 1);
                one.addBatch();
            }
            require(Arrays.stream(one.executeBatch()).sum() == 100, "100 rows inserted");
        }
        try (Statement one = connection.createStatement()) {
            one.addBatch("delete from " + table + " where id between 2001 and 2050");
            one.addBatch("delete from " + table + " where id between 2051 and 2100");
            require(Arrays.equals(one.executeBatch(), new int[] {50, 50}), "50 and 50 rows deleted");
        }
    }

    static void transaction(Connection connection) throws SQLException {
        connection.setAutoCommit(false);
        require(state(connection, "update " + table + " set cents = 1 where id = 1").isEmpty(), "updated");
        connection.rollback();
        require(number(connection, "select cents from " + table + " where id = 1") == 10, "rolled back");
        connection.commit();
    }

    static void fetchSize(Connection connection) throws SQLException {
        connection.setAutoCommit(false);
        try (Statement one = connection.createStatement()) {
            one.setFetchSize(64);
            try (ResultSet rows = one.executeQuery("select id from " + table + " order by id")) {
                int seen = 0;
                while (rows.next()) require(rows.getInt(1) == ++seen, "row " + seen);
                require(seen == 1000, "all rows");
            }
        }
        connection.commit();
    }

    static void error(Connection connection) throws SQLException {
        require(state(connection, "select 1/0").equals("22012"), "division by zero");
    }

    static void refused(Connection connection) throws SQLException {
        require(state(connection, "truncate " + table).equals("42501"), "refused");
    }

    static void refusedInTransaction(Connection connection) throws SQLException {
        connection.setAutoCommit(false);
        require(state(connection, "update " + table + " set cents = 1 where id = 1").isEmpty(), "updated");
        require(state(connection, "truncate " + table).equals("42501"), "refused");
        require(state(connection, "select 1").equals("25P02"), "the transaction has failed");
        connection.rollback();
        require(number(connection, "select cents from " + table + " where id = 1") == 10, "rolled back");
        connection.commit();
    }

    static void metadata(Connection connection) throws SQLException {
        try (ResultSet rows = connection.getMetaData().getColumns(null, "public", table, null)) {
            List<String> names = new ArrayList<>();
            while (rows.next()) names.add(rows.getString("COLUMN_NAME"));
            require(names.equals(List.of("id", "item", "cents")), "columns " + names);
        }
        try (ResultSet rows = connection.getMetaData().getPrimaryKeys(null, "public", table)) {
            require(rows.next(), "a primary key");
        }
        try (ResultSet rows = connection.getMetaData().getTables(null, null, "%", new String[] {"TABLE"})) {
            require(rows.next(), "tables");
        }
    }

    static void copy(Connection connection) throws Exception {
        org.postgresql.copy.CopyManager copies =
            connection.unwrap(org.postgresql.PGConnection.class).getCopyAPI();
        java.io.StringWriter out = new java.io.StringWriter();
        require(copies.copyOut("copy " + table + " to stdout", out) == 1000, "1000 rows out");
        String rows = "3001\tx\t1\n3002\ty\t2\n";
        require(copies.copyIn("copy " + table + " from stdin", new java.io.StringReader(rows)) == 2, "2 rows in");
        require(state(connection, "delete from " + table + " where id > 3000").isEmpty(), "deleted");
    }

    static void timeout(Connection connection) throws SQLException {
        try (Statement one = connection.createStatement()) {
            one.setQueryTimeout(1);
            try {
                one.executeQuery("select count(*) from generate_series(1, 1000000000)");
                throw new IllegalStateException("it was not cancelled");
            } catch (SQLException fault) {
                require(fault.getSQLState().equals("57014"), "cancelled: " + fault.getSQLState());
            }
        }
    }

    static void held(Connection connection) throws SQLException {
        System.out.println("waits approve");
        try (PreparedStatement one = connection.prepareStatement("update " + table + " set cents = ?")) {
            one.setInt(1, 5);
            require(one.executeUpdate() == 1000, "1000 rows updated");
            require(one.getWarnings() != null && one.getWarnings().getSQLState().equals("01ZA1"), "a notice");
        }
    }

    static void rejected(Connection connection) throws SQLException {
        System.out.println("waits reject");
        require(state(connection, "delete from " + table).equals("ZA001"), "rejected");
        require(number(connection, "select count(*) from " + table) == 1000, "nothing was deleted");
    }
}
