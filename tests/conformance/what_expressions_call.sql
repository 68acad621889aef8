-- Expressions that call what no dependency tells, or read what only one tells.
create schema behind;
set search_path = behind;
create sequence shared;
create table secrets (id integer, owner text, key text);
create table numbered (
    id serial, other integer default nextval('shared'), own_too integer default nextval('behind.shared'),
    text text default pg_read_file('/etc/hostname') || lower('nextval'),
    late integer default nextval(('sha' || 'red')::text)
);
create table computed (a integer, b integer, c integer generated always as (a + b * 2) stored);
create table quiet (id bigint generated always as identity, at timestamptz default now(),
    who text default current_user check (who <> ':funcid 2624 ' and length(who) > 1));
create table secured (id integer, owner text);
alter table secured enable row level security;
create policy seen on secured
    using (exists (select from secrets s where s.owner = secured.owner))
    with check (pg_sleep(0) is not null);
create function left_out(a integer, b integer default sales.step(1, 2),
    c text default query_to_xml('select 1', true, true, '')::text) returns setof integer
    language sql as 'select 1';
create function one_row() returns integer language sql as 'select 1';
create domain loud as text check (lo_get(1) is not null or value is not null);
create table of_loud (word loud[]);
create function as_text(sales.mood) returns text language sql return 'x';
create cast (sales.mood as text) with function as_text(sales.mood) as assignment;
create table of_text (word text);
