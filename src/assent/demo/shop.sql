-- A small shop, the same on every run: 13,100 rows, nobody in it is real.
-- Card numbers are made up; they start with 400000 and pass the Luhn check, as real ones do.

drop view if exists contacts;
drop table if exists reminders, removed_carts, carts, payments, orders, customers;

create table customers (
  id integer primary key,
  name text not null,
  email text not null unique,
  card_number text not null,
  city text not null,
  created_at timestamptz not null
);

create table orders (
  id integer primary key,
  customer_id integer not null references customers (id),
  item text not null,
  cents integer not null check (cents > 0),
  state text not null,
  created_at timestamptz not null
);

create table payments (
  id integer primary key,
  order_id integer not null references orders (id),
  cents integer not null check (cents > 0),
  method text not null,
  paid_at timestamptz not null
);

-- Left behind by people who never paid.
create table carts (
  id integer primary key,
  customer_id integer not null references customers (id),
  item text not null,
  touched_at timestamptz not null
);

-- What was sent because of a cart; it goes when the cart goes.
create table reminders (
  id integer primary key,
  cart_id integer not null references carts (id) on delete cascade,
  sent_at timestamptz not null
);

-- Which carts went, and when: a trigger keeps it.
create table removed_carts (
  cart_id integer not null,
  removed_at timestamptz not null
);

create or replace function remember_cart() returns trigger language plpgsql as $$
begin
  insert into removed_carts (cart_id, removed_at) values (old.id, now());
  return null;
end
$$;

create trigger remember_cart after delete on carts
for each row execute function remember_cart();

-- The same addresses under another name.
create view contacts as select id, name, email as write_to from customers;

insert into customers
select
  n,
  (array['Ada', 'Bo', 'Cleo', 'Dov', 'Edda', 'Finn', 'Gus', 'Hana', 'Ida', 'Jo'])[1 + n % 10]
    || ' '
    || (array['Abel', 'Berg', 'Costa', 'Dahl', 'Engel', 'Fuchs', 'Grau'])[1 + n % 7],
  'customer' || n || '@shop.example',
  body || ((10 - total % 10) % 10),
  (array['Graz', 'Porto', 'Malmö', 'Turin', 'Ghent'])[1 + n % 5],
  timestamptz '2026-01-01 08:00+00' + n * interval '3 hours'
from generate_series(1, 1000) as n
cross join lateral (select '400000' || lpad((n * 7919 % 1000000000)::text, 9, '0') as body) as card
-- Luhn over 15 digits: from the left, every odd place counts twice, digits of the product added.
cross join lateral (
  select sum(case when place % 2 = 1 then digit * 2 / 10 + digit * 2 % 10 else digit end) as total
  from generate_series(1, 15) as place
  cross join lateral (select substr(body, place, 1)::integer as digit) as digits
) as luhn;

insert into orders
select
  n,
  1 + n * 37 % 1000,
  (array['lamp', 'chair', 'kettle', 'rug', 'clock', 'shelf', 'mirror'])[1 + n % 7],
  500 + n * 7919 % 40000,
  (array['new', 'paid', 'sent', 'returned'])[1 + n % 4],
  timestamptz '2026-03-01 09:00+00' + n * interval '41 minutes'
from generate_series(1, 5000) as n;

insert into payments
select id, id, cents, (array['card', 'transfer'])[1 + id % 2], created_at + interval '2 minutes'
from orders;

insert into carts
select n, 1 + n * 53 % 1000, 'kettle', timestamptz '2025-06-01 10:00+00' + n * interval '1 hour'
from generate_series(1, 1500) as n;

insert into reminders
select n, 1 + n * 7 % 1500, timestamptz '2025-09-01 10:00+00' + n * interval '1 hour'
from generate_series(1, 600) as n;
