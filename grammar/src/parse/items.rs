//! Items at the margin: program, use, extend, entity, event, source, schedule, table, parameter, rule, test.

use super::node::Node;
use super::{Rule, clauses, expressions, literals, roundings, sets, tests};
use crate::limits;
use crate::problem::Problem;
use crate::span::Span;
use crate::tree::*;

/// An item, with those that stand in it behind it.
pub(super) fn items(node: &Node<'_, '_>) -> Vec<Item> {
    let inner = node.parts_of(Rule::rule_item).filter(|_| node.rule() == Rule::choose);
    std::iter::once(item(node)).chain(inner.map(|rule| item(&rule))).collect()
}

/// The node of one item.
fn item(node: &Node<'_, '_>) -> Item {
    let mut item = kind(node);
    match &mut item {
        Item::Program(program) => not_more(node, &mut program.clauses, "a program", "clauses"),
        Item::Extend(extend) => not_more(node, &mut extend.members, "an `extend`", "fields"),
        Item::Source(source) => not_more(node, &mut source.fields, "a source", "fields"),
        Item::Record(record) => not_more(node, &mut record.members, "an entity or event", "fields"),
        Item::Schedule(schedule) => {
            not_more(node, &mut schedule.arguments, "a schedule", "arguments");
            not_more(node, &mut schedule.bands, "a schedule", "bands");
        }
        Item::Table(table) => {
            not_more(node, &mut table.arguments, "a table", "arguments");
            if let TableRows::Written(rows) = &mut table.rows {
                not_more(node, rows, "a table in a program", "rows");
            }
        }
        Item::Rule(rule) => not_more(node, &mut rule.clauses, "a rule", "clauses"),
        Item::Test(test) => not_more(node, &mut test.steps, "a test", "lines"),
        Item::Use(_)
        | Item::UseFile(_)
        | Item::Kind(_)
        | Item::Calendar(_)
        | Item::Rates(_)
        | Item::Unit(_)
        | Item::Parameter(_)
        | Item::Choose(_)
        | Item::Balance(_)
        | Item::SharedLimit(_)
        | Item::Damaged(_) => {}
    }
    item
}

/// Reports and cuts what is more than any item has that people write.
fn not_more<T>(node: &Node<'_, '_>, lines: &mut Vec<T>, what: &str, of: &str) {
    if lines.len() > limits::LINES {
        let name =
            node.part(Rule::name).or_else(|| node.part(Rule::text)).map_or_else(|| node.span(), |name| name.span());
        let message = format!(
            "{what} has at most {} {of}, this one {}",
            limits::words(limits::LINES),
            limits::words(lines.len())
        );
        node.reader.report(Problem::error("over-limit", name, message).help("make several of it"));
        lines.truncate(limits::LINES);
    }
}

fn kind(node: &Node<'_, '_>) -> Item {
    match node.rule() {
        Rule::program => Item::Program(program(node)),
        Rule::use_item => match node.quoted() {
            Some(file) => Item::UseFile(file),
            None => Item::Use(node.name()),
        },
        Rule::extend => Item::Extend(Extend { record: node.name(), members: members(node), span: node.span() }),
        Rule::source => Item::Source(source(node)),
        Rule::record => Item::Record(record(node)),
        Rule::kind => Item::Kind(kind_of_values(node)),
        Rule::calendar => Item::Calendar(calendar(node)),
        Rule::rates => Item::Rates(Rates {
            name: node.name(),
            file: node.quoted().unwrap_or_else(|| Text { value: String::new(), span: node.span() }),
            span: node.span(),
        }),
        Rule::unit => Item::Unit(unit(node)),
        Rule::schedule => Item::Schedule(schedule(node)),
        Rule::table => Item::Table(super::tables::table(node)),
        Rule::parameter => Item::Parameter(parameter(node)),
        Rule::rule_item => Item::Rule(clauses::rule(node)),
        Rule::choose => Item::Choose(choose(node)),
        Rule::balance => Item::Balance(balance(node)),
        Rule::shared_limit => Item::SharedLimit(shared_limit(node)),
        _ => Item::Test(tests::test(node)),
    }
}

fn program(node: &Node<'_, '_>) -> Program {
    let clauses = node.parts().filter_map(|part| {
        let kind = match part.rule() {
            Rule::currency => ProgramClauseKind::Currency {
                code: part.name(),
                rounding: part.part(Rule::rounding).map(|rounding| roundings::rounding(&rounding, expressions::only)),
                each_line: part.span_of(Rule::each_line),
            },
            Rule::fiscal_year => ProgramClauseKind::FiscalYear { month: part.name(), named_by: named_by(&part) },
            Rule::active => ProgramClauseKind::Active(active(&part)),
            Rule::month_ends if part.has(Rule::k_up) => ProgramClauseKind::MonthEnds(MonthEnds::RoundUp),
            Rule::month_ends => ProgramClauseKind::MonthEnds(MonthEnds::RoundDown),
            Rule::weeks_start => ProgramClauseKind::WeeksStart(part.name()),
            Rule::settled => ProgramClauseKind::Settled(expressions::period_word(&part)),
            Rule::periods_from => ProgramClauseKind::PeriodsFrom(part.name()),
            Rule::periods_of_weeks => {
                let mut names = part.parts_of(Rule::name).map(|name| name.to_name());
                let pattern = part.part(Rule::week_pattern)?;
                ProgramClauseKind::PeriodsOfWeeks {
                    pattern: Text { value: pattern.text().to_owned(), span: pattern.span() },
                    nearest: part.span_of(Rule::nearest),
                    day: names.next()?,
                    month: names.next()?,
                    named_by: named_by(&part),
                }
            }
            _ => return None,
        };
        Some(ProgramClause { kind, span: part.span() })
    });
    Program { name: node.name(), title: node.quoted(), clauses: clauses.collect(), span: node.span() }
}

fn named_by(node: &Node<'_, '_>) -> Option<(NamedBy, Span)> {
    let named = node.part(Rule::named_by)?;
    let by = if named.has(Rule::k_end) { NamedBy::End } else { NamedBy::Start };
    Some((by, named.span()))
}

/// `active FROM to TO`
pub(super) fn active(node: &Node<'_, '_>) -> Active {
    let end = |rule| node.part(rule).map(|part| expressions::only(&part));
    Active { from: end(Rule::active_from), to: end(Rule::active_to), span: node.span() }
}

fn record(node: &Node<'_, '_>) -> Record {
    let kind = if node.has(Rule::k_event) { RecordKind::Event } else { RecordKind::Entity };
    let from = node.part(Rule::record_from).map(|from| match from.quoted() {
        Some(table) => RecordSource::Table(table),
        None => RecordSource::Distinct(from.name()),
    });
    let (name, members, lines) = (node.name(), members(node), Vec::new());
    Record { kind, name, from, members, history_of: None, lines, span: node.span() }
}

fn source(node: &Node<'_, '_>) -> Source {
    Source {
        record: node.name(),
        history: node.span_of(Rule::history),
        from: node.part(Rule::source_from).and_then(|from| from.quoted()),
        lines: node.parts().filter_map(|part| source_line(&part)).collect(),
        fields: node.parts_of(Rule::source_field).map(|part| field(&part)).collect(),
        span: node.span(),
    }
}

/// What a line of a source says of the whole file; none of a field's.
fn source_line(node: &Node<'_, '_>) -> Option<SourceLine> {
    let kind = match node.rule() {
        Rule::header_row => {
            let row = node.part(Rule::number).and_then(|number| literals::decimals(&number).count);
            SourceLineKind::HeaderRow(row.filter(|row| *row > 0))
        }
        Rule::encoding => SourceLineKind::Encoding(match node.text() {
            "windows-1252" => TextEncoding::Windows1252,
            "utf-16" => TextEncoding::Utf16,
            _ => TextEncoding::Utf8,
        }),
        Rule::missing_texts => {
            let mut texts = node.parts_of(Rule::text).map(|text| text.to_text()).collect();
            node.not_more(&mut texts, limits::LISTED, "texts that say nothing are at most");
            SourceLineKind::Missing(texts)
        }
        Rule::skip_rows => SourceLineKind::SkipRows(expressions::only(node)),
        Rule::source_when => SourceLineKind::When(expressions::only(node)),
        Rule::no_key => SourceLineKind::NoKey,
        Rule::equal_rows => SourceLineKind::EqualRows,
        Rule::sheet => SourceLineKind::Sheet(node.quoted()?),
        _ => return None,
    };
    Some(SourceLine { kind, span: node.span() })
}

fn members(node: &Node<'_, '_>) -> Vec<Member> {
    node.parts().filter_map(|part| member(&part)).collect()
}

fn member(node: &Node<'_, '_>) -> Option<Member> {
    Some(match node.rule() {
        Rule::key => {
            let parts = node.parts().filter(|part| matches!(part.rule(), Rule::key_part | Rule::key_alone));
            let mut parts = parts.map(|part| field(&part)).collect();
            node.not_more(&mut parts, limits::KEY, "a key has parts, at most");
            Member::Key { parts, span: node.span() }
        }
        Rule::when => Member::When(field(node)),
        Rule::reverses => Member::Field(reversing(node)),
        Rule::reverses_set => Member::ReversesSet {
            set: node.part(Rule::set).map_or_else(|| sets::set(node), |set| sets::set(&set)),
            span: node.span(),
        },
        Rule::field => Member::Field(field(node)),
        _ => return None,
    })
}

fn field(node: &Node<'_, '_>) -> Field {
    let types = [Rule::field_type, Rule::plain_type, Rule::when_type];
    let ty = node.parts().find(|part| types.contains(&part.rule())).map(|ty| field_type(&ty));
    Field {
        name: node.name(),
        ty,
        optional: node.span_of(Rule::k_optional),
        column: node.part(Rule::column).and_then(|column| column.quoted()),
        format: node.part(Rule::column_format).map(|format| {
            let mut samples = format.parts_of(Rule::text).map(|text| text.to_text()).collect();
            format.not_more(&mut samples, limits::KEY, "formats of a field are at most");
            CellFormat { samples, last_day_of: format.span_of(Rule::last_day_of), span: format.span() }
        }),
        ignoring_case: node.span_of(Rule::ignoring_case),
        dated: node.span_of(Rule::dated),
        if_there: node.span_of(Rule::if_there),
        bounds: node.part(Rule::bounds).map(|part| bounds(&part)),
        reverses: None,
        span: node.span(),
    }
}

/// `deal reverses`, `sale deal reverses by amount, quantity`: a field is named like the event that it refers to where only one
/// name is said.
fn reversing(node: &Node<'_, '_>) -> Field {
    let mut field = field(node);
    let event = node.part(Rule::reversed).map_or_else(|| field.name.clone(), |event| event.name());
    field.ty = Some(FieldType { span: event.span, kind: FieldTypeKind::Record(event) });
    let by = node.part(Rule::reverses_by);
    let mut names: Vec<Name> = by.iter().flat_map(|by| by.parts_of(Rule::name).map(|name| name.to_name())).collect();
    node.not_more(&mut names, limits::KEY, "fields that a return takes off are at most");
    let word = node.span_of(Rule::k_reverses).unwrap_or(node.span());
    field.reverses = Some(Reverses { by: names, span: by.map_or(word, |by| word.to(by.span())) });
    field
}

fn bounds(node: &Node<'_, '_>) -> Bounds {
    let end = |rule| node.part(rule).and_then(|part| part.part(Rule::bound_value)).map(|part| expressions::only(&part));
    let mut range = node.parts_of(Rule::bound_value).map(|part| expressions::only(&part));
    Bounds {
        least: end(Rule::least).or_else(|| range.next()),
        most: end(Rule::most).or_else(|| range.next()),
        span: node.span(),
    }
}

/// `kind tier one of silver, gold`
fn kind_of_values(node: &Node<'_, '_>) -> Kind {
    let values = node.part(Rule::one_of).map(|values| choices(&values));
    Kind { name: node.name(), values: values.unwrap_or_default(), span: node.span() }
}

/// `calendar fiscal from "times.csv" { … }`
fn calendar(node: &Node<'_, '_>) -> Calendar {
    let columns = node.parts_of(Rule::calendar_column).map(|part| CalendarColumn {
        period: expressions::period_word(&part),
        column: part.part(Rule::column).and_then(|column| column.quoted()),
        format: part.quoted(),
        span: part.span(),
    });
    let mut columns: Vec<CalendarColumn> = columns.collect();
    node.not_more(&mut columns, limits::KEY, "columns of a calendar are at most");
    Calendar {
        name: node.name(),
        file: node.quoted().unwrap_or_else(|| Text { value: String::new(), span: node.span() }),
        columns,
        span: node.span(),
    }
}

fn choices(node: &Node<'_, '_>) -> Vec<Choice> {
    node.parts_of(Rule::choice).map(|choice| self::choice(&choice)).collect()
}

pub(super) fn field_type(node: &Node<'_, '_>) -> FieldType {
    let kind = node.parts().find_map(|part| {
        Some(match part.rule() {
            Rule::plain_type => field_type(&part).kind,
            Rule::k_id => FieldTypeKind::Id,
            Rule::k_text => FieldTypeKind::Text,
            Rule::k_count => FieldTypeKind::Count,
            Rule::k_percent => FieldTypeKind::Percent,
            Rule::k_date => FieldTypeKind::Date,
            Rule::yes_no_type => FieldTypeKind::YesNo,
            Rule::number_type => FieldTypeKind::Number(to_decimals(&part)),
            Rule::money_type => FieldTypeKind::Money(to_decimals(&part)),
            Rule::money_in => FieldTypeKind::MoneyIn(part.name()),
            Rule::date_time => FieldTypeKind::DateTime { zone: part.quoted() },
            Rule::one_of => FieldTypeKind::OneOf(choices(&part)),
            Rule::name => FieldTypeKind::Record(part.to_name()),
            Rule::half_month => FieldTypeKind::Record(Name { text: "half month".to_owned(), span: part.span() }),
            _ => return None,
        })
    });
    let kind = kind.unwrap_or_else(|| FieldTypeKind::Record(node.to_name()));
    FieldType { kind, span: node.span() }
}

fn to_decimals(node: &Node<'_, '_>) -> Option<Decimals> {
    node.part(Rule::to_decimals)?.part(Rule::number).map(|number| literals::decimals(&number))
}

fn choice(node: &Node<'_, '_>) -> Choice {
    Choice {
        name: node.name(),
        spellings: node.parts_of(Rule::text).map(|text| text.to_text()).collect(),
        otherwise: node.span_of(Rule::k_otherwise),
    }
}

fn parameter(node: &Node<'_, '_>) -> Parameter {
    Parameter { name: node.name(), value: expressions::only(node), span: node.span() }
}

fn unit(node: &Node<'_, '_>) -> Unit {
    let whole = node.part(Rule::unit_whole).map(|whole| Decimals { count: Some(0), span: whole.span() });
    let written = || node.part(Rule::unit_decimals)?.part(Rule::number).map(|number| literals::decimals(&number));
    Unit {
        name: node.name(),
        decimals: whole.or_else(written),
        rounding: node.part(Rule::rounding).map(|rounding| roundings::rounding(&rounding, expressions::only)),
        each_line: node.span_of(Rule::each_line),
        span: node.span(),
    }
}

fn schedule(node: &Node<'_, '_>) -> Schedule {
    let arguments = node.part(Rule::arguments).map(|arguments| {
        let each = arguments.parts_of(Rule::argument);
        each.filter_map(|argument| {
            Some(Argument { name: argument.name(), ty: field_type(&argument.part(Rule::field_type)?) })
        })
        .collect()
    });
    let shape = node.part(Rule::shape).map(|shape| {
        let kind = match shape.parts().next().map(|word| word.rule()) {
            Some(Rule::k_retroactive) => Shape::Retroactive,
            Some(Rule::k_curve) => Shape::Curve,
            _ => Shape::Graduated,
        };
        (kind, shape.span())
    });
    Schedule {
        name: node.name(),
        arguments: arguments.unwrap_or_default(),
        shape,
        even_at_zero: node.span_of(Rule::even_at_zero),
        nothing_at_zero: node.span_of(Rule::nothing_at_zero),
        mirrored: node.span_of(Rule::mirrored),
        nothing_below_zero: node.span_of(Rule::nothing_below_zero),
        bands: node.parts_of(Rule::band).map(|band| self::band(&band)).collect(),
        span: node.span(),
    }
}

fn band(node: &Node<'_, '_>) -> Band {
    let mut bound = Bound::Beyond;
    let mut pays = Pays::None(node.span());
    for part in node.parts() {
        match part.rule() {
            Rule::bound_to => bound = Bound::To(expressions::only(&part)),
            Rule::bound_below => bound = Bound::Below(expressions::only(&part)),
            Rule::bound_from => bound = Bound::From(expressions::only(&part)),
            Rule::bound_at => bound = Bound::At(expressions::only(&part)),
            Rule::bound_every => {
                let started = part.span_of(Rule::k_started).map(|span| (Packages::Started, span));
                let completed = part.span_of(Rule::k_completed).map(|span| (Packages::Completed, span));
                bound = Bound::Every { size: expressions::only(&part), counted: started.or(completed) };
            }
            Rule::pays => {
                pays = Pays::Amount {
                    value: expressions::only(&part),
                    each: part.span_of(Rule::each),
                    plus: part.part(Rule::plus).map(|plus| expressions::only(&plus)),
                };
            }
            Rule::pays_none => pays = Pays::None(part.span()),
            Rule::pays_flat => pays = Pays::Flat(part.span()),
            _ => {}
        }
    }
    Band { bound, pays, span: node.span() }
}

/// `choose highest per deal { … }`
fn choose(node: &Node<'_, '_>) -> Choose {
    let policy = match node.part(Rule::choose_all) {
        Some(all) => ChoosePolicy::AllUpTo(expressions::only(&all)),
        None if node.has(Rule::k_highest) => ChoosePolicy::Highest,
        None => ChoosePolicy::First,
    };
    let mut per = vec![node.name()];
    per.extend(node.part(Rule::for_per).map(|period| period.name()));
    let end = node.part(Rule::brace_open).map_or_else(|| node.span().end, |brace| brace.span().start);
    let rules = node.parts_of(Rule::rule_item).map(|rule| rule.name()).collect();
    Choose { policy, per, rules, span: Span { start: node.span().start, end } }
}

/// `limit reward_cap { over R, S   at most $5,000 per payee per year }`
fn shared_limit(node: &Node<'_, '_>) -> SharedLimit {
    let over = node.parts_of(Rule::limit_over).flat_map(|over| over.parts_of(Rule::name).map(|name| name.to_name()));
    let limits = node.parts().filter_map(|part| Some(Clause { kind: clauses::limit(&part)?, span: part.span() }));
    SharedLimit { name: node.name(), over: over.collect(), limits: limits.collect(), span: node.span() }
}

/// `balance mdf per partner expires after 2 quarters`
fn balance(node: &Node<'_, '_>) -> Balance {
    for rule in [Rule::expires, Rule::may_be_negative] {
        let mut said = node.parts_of(rule);
        if let (Some(first), Some(second)) = (said.next(), said.next()) {
            let problem = Problem::error("duplicate-clause", second.span(), "this is said twice of a balance");
            node.reader.report(problem.other(first.span(), "the first time").help("remove one of them"));
        }
    }
    let expires = node.part(Rule::expires).map(|expires| {
        let count = expires.part(Rule::number).and_then(|number| number.text().parse().ok());
        let period = expires.part(Rule::name).map_or_else(|| expires.name(), |name| name.to_name());
        Expires { count, period, span: expires.span() }
    });
    Balance {
        name: node.name(),
        per: node.per(),
        expires,
        may_be_negative: node.span_of(Rule::may_be_negative),
        span: node.span(),
    }
}
