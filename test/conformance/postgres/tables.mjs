// The tables of every history: their columns in order, and how PostgreSQL creates them.

/** @type {Readonly<Record<string, { columns: readonly string[], ddl: string }>>} */
export const tables = {
  item: {
    columns: ['id', 'kind', 'count'],
    ddl: 'create table item (id integer primary key, kind text not null, count integer); create index on item (kind)',
  },
  seat: {
    columns: ['id', 'hall', 'number', 'holder'],
    ddl: 'create table seat (id integer primary key, hall text not null, number integer not null, holder text, unique (hall, number), unique (holder))',
  },
  ticket: {
    columns: ['id', 'what'],
    ddl: 'create table ticket (id bigserial primary key, what text not null)',
  },
  event: {
    columns: ['id', 'what'],
    ddl: 'create table event (id bigserial primary key, what text not null, tx xid8 not null default pg_current_xact_id())',
  },
}
