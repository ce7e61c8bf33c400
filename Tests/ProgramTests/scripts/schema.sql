pragma journal_mode;
create table person(id integer primary key, name text not null, age integer, note blob);
create index person_age on person(age);
create trigger older after update of age on person begin
  insert into log values (new.name || ' is now ' || new.age);
end;
create table log(line text);
begin;
with recursive n(i) as (select 1 union all select i + 1 from n where i < 3000)
insert into person select i, 'person ' || (i * 7919 % 3001), i % 90, zeroblob(i % 300) from n;
commit;
select count(*), min(name), max(name), sum(age), sum(length(note)) from person;
update person set age = age + 1 where id % 500 = 0;
select * from log order by line;
begin; delete from person; select count(*) from person; rollback;
select count(*) from person;
explain query plan select * from person where age = 5;
select age, count(*), group_concat(id) from person where age in (1, 2) and id < 300 group by age;
select name, rank() over (order by age desc, id) from person where id < 6;
create virtual table search using fts5(body);
insert into search select name from person;
select count(*) from search where search match 'person AND 77*';
select json_extract('{"a":[1,2,{"b":"found"}]}', '$.a[2].b'), json_array(1, 'two', null);
savepoint one; insert into log values ('gone'); rollback to one; release one;
select sqrt(2), printf('%08.3f', 3.14159), hex(substr(x'0102030405', 2, 3)), strftime('%Y', '2020-02-02');
vacuum;
pragma integrity_check;
select nothing from nowhere;
