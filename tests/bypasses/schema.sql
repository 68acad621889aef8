-- A shop whose tables can be reached by every way that PostgreSQL has.
-- Loaded into throw-away servers by the tests; runs on PostgreSQL 15 and later.

do $$ begin
  create role ana; create role dba; create role reporter;
exception when duplicate_object then null; end $$;
create schema evil;
create schema hidden;
create schema reports;

-- Tables, keys, sequences.
create table customers (
  id int primary key, email text unique, name text, ssn text, card text);
create table orders (
  id int primary key, customer_id int references customers on delete cascade on update cascade,
  total numeric, note text, placed_at timestamptz default now(), a int, b int,
  data jsonb, tags text[], "delete" int, "update" int);
create table payments (
  id int primary key, order_id int references orders on delete set null, note text);
create table items (
  order_id int default 0 references orders on delete set default on update cascade, name text);
create table notes (order_id int references orders on delete restrict, body text);
create table categories (id int primary key, parent int references categories on delete cascade);
create table audit_log (at timestamptz default now(), who text default current_user, what text);
create table old_people (id int, passport text);
create table stock (id int primary key, amount int, owner text default current_user);
create table numbered (id int generated always as identity primary key, word text);
create table hidden.orders (id int, secret text);
create table hidden.keys (id int, key text);
create table evil.log (what text);
create table evil.customers (id int, email text);
create table "Mixed Case" (id int, "e.mail" text);
create table pgbench_accounts (aid int, abalance int);
create sequence orders_id_seq;
create sequence evil.seq;
alter table orders alter column id set default nextval('orders_id_seq');

-- Partitions, partitions of partitions, inheritance.
create table measurements (at date not null, place text, value int) partition by range (at);
create table measurements_2024 partition of measurements
  for values from ('2024-01-01') to ('2025-01-01');
create table measurements_2025 partition of measurements
  for values from ('2025-01-01') to ('2026-01-01') partition by list (place);
create table measurements_2025_here partition of measurements_2025 for values in ('here');
create table hidden.measurements_rest partition of measurements default;
create table documents (id int, title text);
create table secret_documents (clearance int) inherits (documents);
create table top_secret_documents () inherits (secret_documents);

-- Views.
create view v_emails as select id, email from customers;
create view v_nested as select id, email from v_emails where id > 0;
create view v_deep as select n.email, o.total from v_nested n join orders o on o.customer_id = n.id;
create view v_barrier with (security_barrier) as select id, ssn from customers where name = 'me';
create view v_invoker with (security_invoker) as select id, card from customers;
create view v_updatable as select id, note, total from orders where total < 100
  with local check option;
create view v_updatable_nested as select id, note from v_updatable;
create view v_union as select email as word from customers union select note from orders;
create view v_scalar as
  select o.id, (select c.ssn from customers c where c.id = o.customer_id) as ssn from orders o;
create view v_cte as with c as (select * from customers) select count(*) as many from c;
create view v_lateral as
  select o.id, x.name from orders o, lateral (select name from items i where i.order_id = o.id) x;
create view v_locking as select id, note from orders for update;
create view v_shadows as with customers as (select 1 as id) select id from customers;
create view v_passwords as select rolname, rolpassword from pg_authid;
create view v_old as select passport from old_people;
alter table old_people rename to renamed_people;
alter table renamed_people rename column passport to document;
create view v_parts as select value from measurements;
create view v_documents as select title from only documents;
create view reports.orders as select id, secret from hidden.orders;
create view reports.now as select secret from hidden.orders;
create view "v.dotted" as select "e.mail" from "Mixed Case";
create view v_catalogue as select relname from pg_class;
create view v_nothing as select 1 as one;
create recursive view v_tree (id) as
  select id from categories where parent is null
  union all select c.id from categories c join v_tree t on c.parent = t.id;
create materialized view totals as select customer_id, sum(total) as total from orders group by 1;
create view v_totals as select total from totals;

-- Functions in SQL and PL/pgSQL.
create function f_quiet(x int) returns int language sql immutable as 'select x + 1';
create function f_quiet_pl(x int) returns int language plpgsql immutable as
  $$ declare y int := x * 2; begin if y > 3 then return y; end if; return y - 1; end $$;
create function f_emails() returns setof text language sql stable as
  'select email from customers';
create function f_atomic() returns bigint language sql
  begin atomic select count(*) from payments; end;
create function f_delete() returns void language sql as 'delete from orders where id < 0';
create function f_pl() returns text language plpgsql as
  $$ declare found_ssn text; begin
    select ssn into found_ssn from customers limit 1;
    insert into audit_log (what) values (found_ssn);
    return found_ssn;
  end $$;
create function f_perform() returns void language plpgsql as
  $$ begin perform 1 from hidden.keys; end $$;
create function f_loop() returns int language plpgsql as
  $$ declare r record; n int := 0; begin
    for r in select id from payments loop n := n + 1; end loop;
    while exists (select 1 from items where false) loop n := n + 1; end loop;
    return n;
  end $$;
create function f_exception() returns int language plpgsql as
  $$ begin
    return 1;
  exception when others then delete from payments where id = -1; return 0; end $$;
create function f_assign() returns int language plpgsql as
  $$ declare n int := (select count(*) from hidden.orders); begin
    n := (select max(id) from items i join stock s on s.id = i.order_id);
    return n;
  end $$;
create function f_return_query() returns setof text language plpgsql as
  $$ begin return query select card from customers; end $$;
create function f_cursor() returns text language plpgsql as
  $$ declare c cursor for select key from hidden.keys; k text; begin
    open c; fetch c into k; close c; return k;
  end $$;
create function f_refcursor() returns refcursor language plpgsql as
  $$ declare c refcursor := 'leak'; begin
    open c for select ssn from customers; return c;
  end $$;
create function f_case(x int) returns int language plpgsql as
  $$ begin case x when 1 then return (select max(id) from stock); else return 0; end case; end $$;
create function f_raise() returns int language plpgsql as
  $$ begin raise notice 'it is %', (select key from hidden.keys limit 1); return 1; end $$;
create function f_assert() returns int language plpgsql as
  $$ begin assert (select count(*) from hidden.keys) >= 0; return 1; end $$;
create function f_dynamic(t text) returns void language plpgsql as
  $$ begin execute format('delete from %I where false', t); end $$;
create function f_dynamic_constant() returns void language plpgsql as
  $$ begin execute 'delete from orders where id = -1'; end $$;
create function f_dynamic_using(x int) returns int language plpgsql as
  $$ declare n int; begin
    execute 'select count(*) from hidden.keys where id = $1' into n using x; return n;
  end $$;
create function f_dynamic_loop(t text) returns int language plpgsql as
  $$ declare r record; begin
    for r in execute 'select 1 from ' || quote_ident(t) loop null; end loop; return 1;
  end $$;
create function f_dynamic_return(t text) returns setof int language plpgsql as
  $$ begin return query execute 'select id from ' || t; end $$;
create function f_dynamic_open(t text) returns void language plpgsql as
  $$ declare c refcursor; begin open c for execute 'select 1 from ' || t; close c; end $$;
create function f_definer() returns setof text language sql security definer
  set search_path = hidden as 'select secret from orders';
create function f_definer_no_path() returns setof text language sql security definer as
  'select secret from hidden.orders';
create function f_path() returns bigint language plpgsql set search_path = evil, public as
  $$ begin return (select count(*) from customers); end $$;
create function f_liar(x int) returns text language plpgsql immutable as
  $$ begin return (select key from hidden.keys where id = x); end $$;
create function f_over(x int) returns int language sql immutable as 'select x';
create function f_over(x text) returns text language sql as 'select key from hidden.keys limit 1';
create function f_side() returns int language sql as 'select count(*)::int from hidden.keys';
create function f_default(x int default f_side()) returns int language sql as 'select x';
create function f_variadic(variadic x int[]) returns bigint language sql as
  'select count(*) from stock where id = any (x)';
create function f_calls_view() returns bigint language sql as 'select count(*) from v_nested';
create function f_nested() returns text language sql as 'select f_pl()';
create function f_self(n int) returns int language plpgsql as
  $$ begin if n <= 0 then return (select count(*) from stock); end if; return f_self(n - 1); end $$;
create function f_ping(n int) returns int language plpgsql as
  $$ begin return case when n > 0 then f_pong(n - 1) else 0 end; end $$;
create function f_pong(n int) returns int language plpgsql as
  $$ begin perform 1 from payments; return f_ping(n); end $$;
create function f_notify() returns void language sql as $$ notify jobs, 'now' $$;
create function f_role() returns void language plpgsql as
  $$ begin perform set_config('role', 'reporter', true); perform 1 from stock; end $$;
create function f_moves_path() returns bigint language plpgsql as
  $$ begin set local search_path = evil; return (select count(*) from customers); end $$;
create function f_internal(float8) returns void language internal as 'pg_sleep';
create function f_file() returns text language sql as $$ select pg_read_file('/etc/hostname') $$;
create function f_large() returns oid language sql as $$ select lo_creat(-1) $$;
create function f_temp() returns int language plpgsql as
  $$ begin create temp table kept on commit drop as select ssn from customers; return 1; end $$;
create function f_truncate() returns void language plpgsql as $$ begin truncate stock; end $$;
create function f_names(customers text) returns text language sql as 'select customers';
create function f_row(c customers) returns text language sql as 'select c.card';
create function f_first(o orders) returns int language sql as
  'select id from hidden.keys limit 1';
create function f_step(state bigint, x int) returns bigint language plpgsql as
  $$ begin return state + (select count(*) from hidden.keys); end $$;
create aggregate a_leak(int) (sfunc = f_step, stype = bigint, initcond = '0');
create aggregate a_quiet(int) (sfunc = int4pl, stype = int, initcond = '0');
create function evil.lower(x text) returns text language sql as
  'select key from hidden.keys limit 1';
create function evil.now() returns int language sql as 'select id from hidden.keys limit 1';
create function public.upper(x int) returns int language sql as
  'select id from hidden.keys limit 1';
create function evil.f_quiet(x int) returns int language sql as
  'select id from hidden.keys limit 1';
create procedure p_clean() language plpgsql as
  $$ begin delete from payments where id = -1; delete from stock where id = -1; end $$;
create procedure p_sql(x int) language sql as 'update stock set amount = x where id = -1';

-- Operators, casts, domains, types.
create function op_leak(x int, y int) returns bool language sql as
  'select exists (select 1 from hidden.keys)';
create operator ### (leftarg = int, rightarg = int, function = op_leak);
create operator @#@ (rightarg = int, function = f_quiet);
create function op_equal(x varchar, y varchar) returns bool language plpgsql as
  $$ begin return exists (select 1 from hidden.keys); end $$;
create operator === (leftarg = varchar, rightarg = varchar, function = op_equal);
create operator evil.<+> (leftarg = int, rightarg = int, function = op_leak);
create type pair as (one int, two text);
create type mood as enum ('good', 'bad');
create function to_pair(x int) returns pair language sql as
  $$ select id, key from hidden.keys limit 1 $$;
create cast (int as pair) with function to_pair(int);
create function is_known(x text) returns bool language plpgsql as
  $$ begin return x is null or not exists (select 1 from hidden.keys where key = x); end $$;
create domain known_word as text check (is_known(value));

-- Tables that run functions when they are written to.
create table busy (
  id int default f_side(),
  word known_word,
  checked text check (is_known(checked)),
  made int generated always as (f_quiet(1)) stored);
create table indexed (id int, word text);
create index indexed_by_liar on indexed (f_liar(id));
create table guarded (id int, owner text);
alter table guarded enable row level security;
alter table guarded force row level security;
create policy own on guarded using (exists (select 1 from hidden.keys k where k.id = guarded.id));
create table typed (p pair, m mood);

-- Triggers.
create function t_audit() returns trigger language plpgsql as
  $$ begin
    insert into audit_log (what) values (tg_op || coalesce(new.id, 0)); return null;
  end $$;
create function t_chain() returns trigger language plpgsql as
  $$ begin insert into evil.log values (new.what); return new; end $$;
create function t_dynamic() returns trigger language plpgsql as
  $$ begin execute format('insert into %I.log values (%L)', 'evil', 'x'); return new; end $$;
create function t_truncated() returns trigger language plpgsql as
  $$ begin delete from evil.log; return null; end $$;
create function t_fresh() returns trigger language plpgsql as
  $$ begin insert into evil.log select word from fresh; return null; end $$;
create function t_instead() returns trigger language plpgsql as
  $$ begin update stock set amount = 0 where id = new.id; return new; end $$;
create function t_when(x int) returns bool language sql as
  'select exists (select 1 from hidden.keys)';
create trigger audited after insert or update on orders
  for each row execute function t_audit();
create trigger chained before insert on audit_log for each row execute function t_chain();
create trigger dynamic before insert on items for each row execute function t_dynamic();
create trigger truncated after truncate on stock
  for each statement execute function t_truncated();
create trigger fresh after insert on numbered referencing new table as fresh
  for each statement execute function t_fresh();
create trigger sometimes before update on categories for each row
  when (new.id > 3) execute function t_audit();
create trigger off before delete on categories for each row execute function t_dynamic();
alter table categories disable trigger off;
create constraint trigger late after delete on notes deferrable initially deferred
  for each row execute function t_truncated();
create function t_measured() returns trigger language plpgsql as
  $$ begin update stock set amount = 1 where id = new.value; return null; end $$;
create trigger measured after insert on measurements for each row execute function t_measured();
create view v_instead as select id, amount from stock;
create trigger instead instead of update on v_instead for each row execute function t_instead();

-- Rules.
create rule also as on update to payments do also
  insert into audit_log (what) values (old.note);
create view v_ruled as select id, note from payments;
create rule elsewhere as on delete to v_ruled do instead
  delete from orders where id = old.id;
create rule nothing as on insert to v_ruled do instead nothing;
create table ruled (id int);
create rule twice as on delete to ruled do also
  (delete from stock where id = old.id; insert into evil.log values ('gone'));

-- DDL runs functions too.
create function t_ddl() returns event_trigger language plpgsql as
  $$ begin insert into evil.log values (tg_tag); end $$;
create event trigger noted on ddl_command_end execute function t_ddl();

-- Tables elsewhere: this database once more, where the extension is there.
do $$ begin
  if exists (select 1 from pg_available_extensions where name = 'postgres_fdw') then
    create extension postgres_fdw;
    create extension dblink;
    execute format('create server elsewhere foreign data wrapper postgres_fdw '
      'options (host %L, port %L, dbname %L)', current_setting('unix_socket_directories'),
      current_setting('port'), current_database());
  else
    create foreign data wrapper postgres_fdw;
    create server elsewhere foreign data wrapper postgres_fdw;
  end if;
end $$;
create user mapping for public server elsewhere options (user 'postgres');
create foreign table far_customers (id int, email text)
  server elsewhere options (schema_name 'public', table_name 'customers');
create view v_far as select email from far_customers;
create table near_and_far (id int, email text);
create foreign table far_part (id int, email text) inherits (near_and_far)
  server elsewhere options (schema_name 'public', table_name 'customers');

-- What else clients list.
create statistics related on customer_id, total from orders;
create publication everything for table customers, orders;
create text search configuration simpler (copy = simple);
create text search dictionary plain (template = simple);
create collation german (locale = 'C');
create conversion odd for 'LATIN1' to 'UTF8' from iso8859_1_to_utf8;
create default conversion odder for 'UTF8' to 'LATIN1' from utf8_to_iso8859_1;
comment on table customers is 'who buys';
comment on column customers.ssn is 'not for everybody';
comment on view v_emails is 'how to write to them';
comment on function f_quiet (int) is 'adds one';
grant select on customers to reporter;
grant select (id, email) on evil.customers to reporter;
grant usage on schema hidden to reporter;
alter default privileges in schema reports grant select on tables to reporter;
alter role reporter set work_mem = '8MB';

-- Rows.
insert into customers values (1, 'ana@example.com', 'Ana', '078-05-1120', '4111111111111111');
insert into orders (id, customer_id, total, note) values (1, 1, 10, 'first');
insert into payments values (1, 1, 'paid');
insert into hidden.keys values (1, 'abracadabra');
insert into hidden.orders values (1, 'secret');
insert into stock values (1, 5);
insert into measurements values ('2024-05-05', 'here', 1);
insert into pgbench_accounts values (12345, 0);
refresh materialized view totals;
