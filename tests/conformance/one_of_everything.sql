-- One of everything that a catalogue knows of.
create schema sales;
create schema "Odd.Name";
create role catalogue_reader login password 'only reads';

create function sales.next_code() returns text language plpgsql volatile
    as $$ begin return 'c' || random(); end $$;
create function sales.is_even(n integer) returns boolean language sql immutable
    return n % 2 = 0;
create function sales.is_code(t text) returns boolean language sql immutable
    as 'select t like ''c%''';
create function sales.shown(id bigint, variadic rest text[] default '{}') returns text
    language sql stable security definer set search_path = sales, pg_temp, "Odd.Name"
    as 'select id::text';
create function sales.both(a integer, inout b integer, out c integer) language sql
    as 'select $2, $1';
create procedure sales.tidy(in first integer, out done integer) language plpgsql
    as $$ begin done := first; end $$;
create function sales.totals_of(who text) returns bigint language sql
    begin atomic select count(*) from pg_catalog.pg_class where relname = who; end;
create function sales.fires() returns trigger language plpgsql
    as $$ begin return new; end $$;
create function sales.is_worth(amount integer) returns boolean language sql immutable
    as 'select amount > 10';
create function sales.may_see(amount integer) returns boolean language sql stable
    as 'select true';
create function sales.grouped(amount integer) returns integer language sql immutable
    as 'select amount % 3';
create function sales.indexed(amount integer) returns integer language sql immutable
    as 'select -amount';
create function sales.alike(a integer, b integer) returns boolean language sql immutable
    as 'select a = b';
create operator sales.=== (leftarg = integer, rightarg = integer, function = sales.alike);
create operator sales.<~> (leftarg = text, rightarg = text, function = pg_catalog.texteq);
create aggregate sales.glued(text) (sfunc = pg_catalog.textcat, stype = text, initcond = '');
create function sales.step(state integer, one integer) returns integer language sql immutable
    as 'select state + one';
create aggregate sales.added(integer) (sfunc = sales.step, stype = integer, initcond = '0');
create type sales.mood as enum ('good', 'bad');
create function sales.mood_of(n integer) returns sales.mood language sql immutable
    as 'select ''good''::sales.mood';
create cast (integer as sales.mood) with function sales.mood_of(integer);

create domain sales.code as text default sales.next_code() check (sales.is_code(value));
create domain sales.short_code as sales.code;
create type sales.pair as (code sales.short_code, amount integer);

create table sales.customers (
    id bigint primary key,
    gone text,
    code sales.short_code,
    codes sales.code[],
    pairs sales.pair[],
    "Naïve ""name""" text
);
alter table sales.customers drop column gone;
create table sales.orders (
    id bigint primary key,
    customer_id bigint references sales.customers on delete cascade on update set null,
    amount integer check (amount operator(sales.===) amount) default 1,
    double_amount integer generated always as (amount * 2) stored
);
create index on sales.orders (sales.indexed(amount)) where sales.is_even(amount);
create table sales.lines (
    order_id bigint, item text, customer_id bigint,
    constraint of_order foreign key (order_id) references sales.orders (id)
        on delete set default on update restrict
);
alter table sales.orders enable row level security;
create policy seen on sales.orders using (sales.may_see(amount));
create trigger fires_late after insert or update or delete on sales.orders
    for each row execute function sales.fires();
create trigger fires_when before update on sales.orders for each row
    when (sales.is_worth(new.amount)) execute function sales.fires();
create trigger never after truncate on sales.orders execute function sales.fires();
alter table sales.orders disable trigger never;
create trigger emptied after truncate on sales.orders execute function sales.fires();
create trigger same before update on sales.lines
    for each row execute function suppress_redundant_updates_trigger();
create rule as_well as on delete to sales.lines do also delete from sales.orders where false;

create table sales.measured (at date, amount integer) partition by range (at);
create table sales.measured_1 partition of sales.measured for values from (minvalue) to ('2020-01-01');
create table sales.by_group (amount integer) partition by list (sales.grouped(amount));
create table sales.parent (a integer);
create table sales.other_parent (b integer);
create table sales.child (c integer) inherits (sales.parent, sales.other_parent);

create view sales.totals as select customer_id, sum(amount) as total from sales.orders group by 1;
create view sales.nested as select total from sales.totals;
create materialized view sales.kept as select id from sales.customers;
create sequence sales.numbers;
create table "Odd.Name"."Tä;ble" ("select" integer);
create table public.plain (a integer);
analyze sales.child;
insert into public.plain select generate_series(1, 100);
analyze public.plain;
