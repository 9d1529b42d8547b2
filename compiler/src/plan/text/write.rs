//! Sections of the Plan's text, in the order in which they can be read: what is named comes before what names it.

use super::layout;
use super::lexer::quoted;
use super::names::Place;
use super::phrase::{test, type_text};
use super::searches;
use super::shares;
use super::tables;
use super::words::Word;
use crate::internal::broken;
use crate::plan::calendar::{Weekday, Years, date_of};
use crate::plan::{
    Balance, BelowZero, ByRow, ColumnSource, Days, End, Expr, Field, FieldId, FieldSource, FoldFunction, FoldId,
    Format, Installments, Life, Limit, Line, LineKind, MatchId, Most, Node, Owner, Period, Piece, Pieces, Plan,
    PredicateId, Reading, RecordId, RecordTable, Reverses, Schedule, SearchId, SetReversal, SharedLimit, Stacking,
    StackingPolicy, StateId, StateKind, Stream, Type, Version, VersionId, Whose, Window,
};
use std::fmt::Write;

/// Writes a line; writing to a text cannot fail.
macro_rules! line {
    ($out:expr, $($rest:tt)*) => { let _ = writeln!($out, $($rest)*); };
}

pub(super) fn write(plan: &Plan) -> String {
    let mut out = String::new();
    head(plan, &mut out);
    for idx in 0..plan.records.len() {
        record(plan, RecordId(idx as u32), &mut out);
    }
    for definition in &plan.schedules {
        schedule(plan, definition, &mut out);
    }
    if !plan.predicates.is_empty() {
        line!(out, "\ntests of texts");
        for (idx, predicate) in plan.predicates.iter().enumerate() {
            let of = plan.field_of_domain(predicate.domain);
            line!(out, "  {of} {}", test(plan, PredicateId(idx as u32)));
        }
    }
    if let Some(texts) = plan.texts() {
        let texts: Vec<String> = plan.choices[texts.index()].iter().map(|text| quoted(text)).collect();
        line!(out, "\ntexts {}", texts.join(", "));
    }
    plan.tables.iter().for_each(|table| tables::write(plan, table, &mut out));
    if !plan.decisions.is_empty() {
        line!(out, "\ndecisions");
        for decision in &plan.decisions {
            let (of, ty) = (stream(plan, &decision.stream), type_text(plan, decision.ty));
            line!(out, "  {} for {of} : {ty}", decision.name);
        }
    }
    for unit in &plan.units {
        if let Some(ByRow { currency, units }) = &unit.by_row {
            let names: Vec<&str> = units.iter().map(|id| plan.unit(*id).code.as_str()).collect();
            line!(out, "\ncurrency of {} : {} is {}", unit.code, Place::new(plan).typed(currency), names.join(", "));
        }
    }
    plan.balances.iter().for_each(|known| balance(plan, known, &mut out));
    (0..plan.searches.len()).for_each(|idx| searches::write(plan, SearchId(idx as u32), &mut out));
    for SetReversal { taker, target, rows, .. } in &plan.set_reversals {
        let place = Place::of(plan, &Stream::Events(*taker));
        let (taker, target) = (&plan.record(*taker).name, &plan.record(*target).name);
        line!(out, "\nset-reversal {taker} of {target} rows {}", place.typed(rows));
    }
    (0..plan.states.len()).for_each(|idx| state(plan, StateId(idx as u32), &mut out));
    (0..plan.matches.len()).for_each(|idx| matched(plan, MatchId(idx as u32), &mut out));
    (0..plan.folds.len()).for_each(|idx| fold(plan, FoldId(idx as u32), &mut out));
    plan.versions.iter().for_each(|definition| version(plan, definition, &mut out));
    plan.stackings.iter().for_each(|known| stacking(plan, known, &mut out));
    plan.shared_limits.iter().for_each(|known| shared_limit(plan, known, &mut out));
    let name = |id: &VersionId| format!("{} {}", plan.version(*id).name, plan.version(*id).number);
    line!(out, "\norder {}", plan.order.iter().map(name).collect::<Vec<_>>().join(", "));
    out
}

/// `balance mdf in USD per partner expires-after 2 quarter`
fn balance(plan: &Plan, balance: &Balance, out: &mut String) {
    let per = balance.per.map_or(String::new(), |record| format!(" per {}", plan.record(record).name));
    let ends = |(count, period): (u32, Period)| format!(" expires-after {count} {}", Word::word(period));
    let expires = balance.expires.map_or(String::new(), ends);
    let negative = if balance.may_be_negative { " may-be-negative" } else { "" };
    line!(out, "\nbalance {} in {}{per}{expires}{negative}", balance.name, plan.unit(balance.unit).code);
}

/// `shared-limit reward_cap over NAME, NAME in USD at-most 500000 of payee within year`
fn shared_limit(plan: &Plan, limit: &SharedLimit, out: &mut String) {
    let rules: Vec<&str> = limit.rules.iter().map(|id| plan.rule(*id).name.as_str()).collect();
    let most = match limit.most {
        Most::Amount(most) => format!("at-most {most}"),
        Most::InProportion(most) => format!("in-proportion {most}"),
        Most::Payments(most) => format!("payments {most}"),
    };
    let whose = match &limit.per {
        Whose::All => String::new(),
        Whose::Payee => " of payee".to_owned(),
        Whose::Party(record, path) => format!(" of {}", party_words(plan, *record, path)),
    };
    let period = limit.period.map_or(String::new(), |period| format!(" within {}", Word::word(period)));
    let unit = &plan.unit(limit.unit).code;
    line!(out, "\nshared-limit {} over {} in {unit} {most}{whose}{period}", limit.name, rules.join(", "));
}

/// `partner.group`
fn party_words(plan: &Plan, record: RecordId, path: &[FieldId]) -> String {
    let name = &plan.record(record).name;
    if path.is_empty() { name.clone() } else { format!("{name}.{}", plan.path_words(record, path)) }
}

/// `stacking all of NAME, NAME up-to X`
fn stacking(plan: &Plan, stacking: &Stacking, out: &mut String) {
    let rules: Vec<&str> = stacking.rules.iter().map(|id| plan.rule(*id).name.as_str()).collect();
    let rules = rules.join(", ");
    match &stacking.policy {
        StackingPolicy::Highest => {
            line!(out, "\nstacking highest of {rules}");
        }
        StackingPolicy::First => {
            line!(out, "\nstacking first of {rules}");
        }
        StackingPolicy::AllUpTo(most) => {
            let first = plan.first_version(stacking.rules[0]).map(|id| &plan.version(id).stream);
            let stream = first.cloned().unwrap_or(Stream::Events(RecordId(0)));
            let place = Place::row(plan, stacking.rules[0], &stream);
            line!(out, "\nstacking all of {rules} up-to {}", place.typed(most));
        }
    }
}

fn head(plan: &Plan, out: &mut String) {
    let calendar = &plan.calendar;
    line!(out, "program {} {}", plan.name, quoted(&plan.title));
    for unit in &plan.units {
        let each_line = if unit.each_line { " each-line" } else { "" };
        line!(out, "  unit {} {} decimals {}{each_line}", unit.code, unit.decimals, unit.mode.word());
    }
    line!(out, "  active {}", days(plan.active));
    let named = calendar.named_by.map_or(String::new(), |named| format!(" named-by {}", named.word()));
    line!(out, "  year starts in month {}{named}", calendar.first_month);
    match &calendar.years {
        Years::Months => {}
        Years::Weeks(weeks) => {
            let which = if weeks.nearest { "nearest" } else { "last" };
            let (pattern, day) = (weeks.pattern.word(), weeks.last_day.word());
            line!(out, "  years of weeks {pattern} ending {which} {day} month {}", weeks.month);
        }
        Years::Table(table) => {
            line!(out, "  calendar {}", days(table.days));
            for column in &table.columns {
                let word = column.period.word().replace(' ', "-");
                for (start, name) in column.starts.iter().zip(&column.names) {
                    line!(out, "  calendar-{word} {} {}", date_of(*start), quoted(name));
                }
            }
        }
    }
    if calendar.weeks_start != Weekday::Monday {
        line!(out, "  weeks start {}", calendar.weeks_start.word());
    }
    if let Some(ends) = calendar.month_ends {
        line!(out, "  month-ends round {}", ends.word());
    }
    if let Some(period) = calendar.settled {
        line!(out, "  settled per {}", period.word().replace(' ', "-"));
    }
    for parameter in &plan.parameters {
        let instead = parameter.overridden.as_ref().map_or(String::new(), |old| format!(" instead of {}", quoted(old)));
        line!(out, "  parameter {} = {}{instead}", parameter.name, quoted(&parameter.value));
    }
}

fn days(days: Days) -> String {
    format!("{} to {}", date_of(days.from), date_of(days.to))
}

fn record(plan: &Plan, id: RecordId, out: &mut String) {
    let definition = plan.record(id);
    let source = match &definition.source {
        RecordTable::Table(None) => String::new(),
        RecordTable::Table(Some(name)) => format!(" from {}", quoted(name)),
        RecordTable::Distinct(other) => format!(" distinct in {}", plan.record(*other).name),
    };
    let used = if definition.used { "" } else { " not-read" };
    line!(out, "\n{} {}{source}{used}", definition.kind.word(), definition.name);
    let width = definition.fields.iter().map(|field| field.name.chars().count()).max().unwrap_or(0);
    for (idx, field) in definition.fields.iter().enumerate() {
        line!(out, "  {:width$}  {}", field.name, field_text(plan, id, idx, field));
    }
    let name = |idx: usize| definition.fields[idx].name.as_str();
    let key: Vec<&str> = definition.key.iter().map(|field| name(field.index())).collect();
    line!(out, "  key: {}", key.join(", "));
    if let Some(from) = definition.own_year {
        line!(out, "  own-year: {}", name(from.index()));
    }
    if let Some(spans) = definition.spans {
        line!(out, "  spans: of {} to {}", name(spans.of.index()), name(spans.to.index()));
    }
    if definition.life.is_bounded() {
        let side = |word: &str, field: Option<FieldId>| {
            field.map_or(String::new(), |field| format!(" {word} {}", name(field.index())))
        };
        let Life { from, to } = definition.life;
        line!(out, "  life:{}{}", side("from", from), side("to", to));
    }
    if let Some(when) = definition.when {
        line!(out, "  when: {}", name(when.index()));
    }
    if let Some(Reverses { row, takes }) = &definition.reverses {
        let Type::Ref(target) = definition.fields[row.index()].ty else { broken("a return of nothing") };
        let of = |field: &FieldId| plan.record(target).fields[field.index()].name.as_str();
        let takes: Vec<String> =
            takes.iter().map(|(own, other)| format!(" {} off {}", name(own.index()), of(other))).collect();
        line!(out, "  reverses: {}{}", name(row.index()), takes.concat());
    }
    layout::write(definition, out);
}

fn field_text(plan: &Plan, id: RecordId, idx: usize, field: &Field) -> String {
    let own = format!("{}.{}", plan.record(id).name, plan.record(id).fields[idx].name);
    let ty = match field.ty {
        Type::Choice(choice) => format!("one-of ({})", plan.choices[choice.index()].join(", ")),
        Type::Text(domain) if plan.field_of_domain(domain) == own => "text".to_owned(),
        Type::Id(domain) if plan.field_of_domain(domain) == own => "id".to_owned(),
        _ => type_text(plan, field.ty),
    };
    let mark = match (field.optional, field.if_there) {
        (_, true) => "? if-there",
        (true, false) => "?",
        (false, false) => "",
    };
    let decimals = if field.decimals == 0 { String::new() } else { format!(" {} decimals", field.decimals) };
    let is_key = plan.record(id).key.iter().any(|key| key.index() == idx);
    let used = match field.used {
        true => "",
        false if is_key => " as-key",
        false => " not-read",
    };
    let columns = match &field.source {
        FieldSource::Column(source) => column(plan, field.ty, source),
        FieldSource::Columns(sources) => {
            sources.iter().map(|source| column(plan, field.ty, source)).collect::<Vec<_>>().join(" and ")
        }
        FieldSource::Day(day) => format!("day {}", date_of(*day)),
        FieldSource::Place => "file-and-row".to_owned(),
        FieldSource::Returned(reading) => format!("returned {}", reading_words(*reading)),
        FieldSource::Read(of, reading) => {
            format!("read {} {}", reading_words(*reading), plan.record(id).fields[of.index()].name)
        }
    };
    let bound = |word: &str, end: Option<i64>| end.map_or(String::new(), |end| format!(" {word} {end}"));
    let bounds = bound("at-least", field.bounds.least) + &bound("at-most", field.bounds.most);
    format!("{ty}{mark}{decimals}{bounds}{used} {columns}")
}

fn reading_words(reading: Reading) -> String {
    match reading {
        Reading::Left => "left".to_owned(),
        Reading::Reported => "as-reported".to_owned(),
        Reading::Within(days) => format!("within {days}"),
        Reading::AtEnd(period) => format!("at-end-of {}", Word::word(period)),
    }
}

fn column(plan: &Plan, ty: Type, source: &ColumnSource) -> String {
    let word = if source.exact { "exactly" } else { "column" };
    format!("{word} {}{}", quoted(&source.header), format(plan, ty, &source.format))
}

fn format(plan: &Plan, ty: Type, format: &Format) -> String {
    match format {
        Format::Plain => String::new(),
        Format::Date(pattern) => format!(" as-date {}", quoted(pattern)),
        Format::Period(sample) => format!(" as-period {}", quoted(sample)),
        Format::LastDayOf(sample) => format!(" as-last-day-of {}", quoted(sample)),
        Format::OneOf(formats) => {
            let each = formats.iter().map(|one| self::format(plan, ty, one).trim_start().to_owned());
            format!(" as-one-of ({})", each.collect::<Vec<_>>().join(", "))
        }
        Format::Number { group, decimal, percent } => {
            let group = group.map_or(String::new(), String::from);
            format!(" as-{} {} {}", percent.word(), quoted(&group), quoted(&decimal.to_string()))
        }
        Format::Choice { spellings, otherwise, ignoring_case } => {
            let values: &[String] = if let Type::Choice(choice) = ty { &plan.choices[choice.index()] } else { &[] };
            let value = |place: u32| values.get(place as usize).map_or("", String::as_str);
            let mut words: Vec<String> =
                spellings.iter().map(|known| format!("{} {}", quoted(&known.text), value(known.value))).collect();
            words.extend(otherwise.map(|place| format!("otherwise {}", value(place))));
            let case = if *ignoring_case { " ignoring-case" } else { "" };
            format!(" spelled ({}){case}", words.join(", "))
        }
        Format::YesNo { yes, no } => format!(" as-yes-no {} {}", quoted(yes), quoted(no)),
        Format::DateTime { zone, pattern } => {
            let part = |word: &str, text: &Option<String>| {
                text.as_ref().map_or(String::new(), |text| format!(" {word} {}", quoted(text)))
            };
            format!(" as-moment{}{}", part("zone", zone), part("pattern", pattern))
        }
    }
}

fn schedule(plan: &Plan, definition: &Schedule, out: &mut String) {
    let place = Place { arguments: &definition.arguments, ..Place::new(plan) };
    let ty = |ty: &Type| type_text(plan, *ty);
    let arguments: Vec<String> = definition.arguments.iter().map(ty).collect();
    let even = if definition.even_at_zero { " even-at-zero" } else { "" };
    let below = match definition.below_zero {
        BelowZero::Unsaid => "",
        BelowZero::Nothing => " nothing-below-zero",
        BelowZero::Mirrored => " mirrored",
    };
    line!(
        out,
        "\nschedule {} ({}) of {} gives {} rate {}{even}{below}",
        definition.name,
        arguments.join(", "),
        ty(&definition.domain),
        ty(&definition.result),
        ty(&definition.rate)
    );
    match &definition.pieces {
        Pieces::Lines { pieces, heights } => {
            line!(out, "  {}", if *heights { "heights" } else { "lines" });
            for known in pieces {
                line!(out, "  {}", piece(&place, known));
            }
        }
        Pieces::Steps { size, started, each } => {
            let word = if *started { "started" } else { "completed" };
            line!(out, "  every {} {word} gives {}", place.phrase(size), place.phrase(each));
        }
    }
}

fn piece(place: &Place, piece: &Piece) -> String {
    let end = match &piece.end {
        End::To(bound) => format!("to {}", place.phrase(bound)),
        End::Below(bound) => format!("below {}", place.phrase(bound)),
        End::Point => "point".to_owned(),
        End::Never => "beyond".to_owned(),
    };
    let line = match &piece.line {
        None => "none".to_owned(),
        Some(Line::Priced { reach, jump, slope }) => {
            let part = |word: &str, value: &Option<Expr>| {
                value.as_ref().map_or(String::new(), |value| format!(" {word} {}", place.phrase(value)))
            };
            format!("{}{}{}", reach.word(), part("slope", slope), part("jump", jump))
        }
        Some(Line::Between(from, to)) => format!("between {} and {}", place.phrase(from), place.phrase(to)),
    };
    format!("piece {} {end} {line}", piece.number)
}

pub(super) fn stream(plan: &Plan, stream: &Stream) -> String {
    match stream {
        Stream::Events(record) => format!("each {}", plan.record(*record).name),
        Stream::ByDate(record, path) => {
            format!("each {} by {}", plan.record(*record).name, plan.path_words(*record, path))
        }
        Stream::Periods(record, period) => format!("each {} per {}", plan.record(*record).name, Word::word(*period)),
        Stream::Lines(rule, LineKind::Original) => format!("each original-payment from {}", plan.rule(*rule).name),
        Stream::Lines(rule, kind) => format!("each {} from {}", kind.word(), plan.rule(*rule).name),
    }
}

fn state(plan: &Plan, id: StateId, out: &mut String) {
    let state = &plan.states[id.index()];
    let key = &plan.keys[state.key.index()];
    line!(out, "\nstate {} of {}", plan.state_name(id), plan.rule(state.rule).name);
    line!(out, "  {}", stream(plan, &key.stream));
    let place = Place::row(plan, state.rule, &key.stream);
    let mut parts: Vec<String> = if key.of_payee { vec!["whoever-is-paid".to_owned()] } else { Vec::new() };
    parts.extend(key.parts.iter().map(|part| place.typed(part)));
    parts.extend(key.period.map(|period| Word::word(period).to_owned()));
    line!(out, "  per {}", parts.join(", "));
    let kept = match &state.kind {
        StateKind::Seen => "whether a row has passed".to_owned(),
        StateKind::Paid => "what was paid".to_owned(),
        StateKind::Sums { denominators, highest } => {
            let sums: Vec<String> = denominators.iter().map(|den| parts_of_one(*den)).collect();
            let word = if *highest { "highest" } else { "sums" };
            format!("{word} {}", sums.join(", "))
        }
    };
    line!(out, "  keeps {kept}");
}

/// In which parts of one a sum is kept.
pub(super) fn parts_of_one(den: Option<i64>) -> String {
    den.map_or("as-fraction".to_owned(), |den| format!("in-1/{den}"))
}

fn matched(plan: &Plan, id: MatchId, out: &mut String) {
    let rows = &plan.matches[id.index()];
    let place = Place::row(plan, rows.rule, &rows.stream);
    line!(out, "\nmatch {} of {}", id.0 + 1, plan.rule(rows.rule).name);
    line!(out, "  {}", stream(plan, &rows.stream));
    if let Some(also) = &rows.also {
        line!(out, "  where {}", place.phrase(also));
    }
    let stood = rows.stood.map_or_else(String::new, |period| format!(" as-it-stood {}", Word::word(period)));
    let window = match rows.window {
        Window::Own => "own".to_owned(),
        Window::ToDate => "to-date".to_owned(),
        Window::Previous(period) => format!("previous {}", Word::word(period)),
        Window::SameLastYear(period) => format!("same-last-year {}", Word::word(period)),
    };
    let (entity, period) = (&plan.record(rows.entity).name, Word::word(rows.period));
    line!(out, "  per {entity} by {}", place.typed(&rows.key));
    line!(out, "  per {period} {window}{stood}");
}

fn fold(plan: &Plan, id: FoldId, out: &mut String) {
    let (fold, rows) = (&plan.folds[id.index()], plan.matched(id));
    let place = Place::row(plan, rows.rule, &rows.stream);
    let takes = match &fold.function {
        FoldFunction::Sum(value, den) => format!("sum {} {}", parts_of_one(*den), place.typed(value)),
        FoldFunction::Count => "count".to_owned(),
        FoldFunction::Smallest(value, den) => format!("smallest {} {}", parts_of_one(*den), place.typed(value)),
        FoldFunction::Largest(value, den) => format!("largest {} {}", parts_of_one(*den), place.typed(value)),
        FoldFunction::Distinct(value) => format!("distinct {}", place.typed(value)),
    };
    line!(out, "\nfold {} over match {} {takes}", plan.fold_name(id).trim_start_matches("fold."), fold.over.0 + 1);
}

fn version(plan: &Plan, rule: &Version, out: &mut String) {
    let place = Place { locals: &rule.locals, ..Place::row(plan, rule.rule, &rule.stream) };
    line!(out, "\nrule {} {}", rule.name, quoted(&rule.title));
    line!(out, "  version {} active {}", rule.number, days(rule.active));
    line!(out, "  {}", stream(plan, &rule.stream));
    if rule.reading != Reading::Left {
        line!(out, "  rows {}", reading_words(rule.reading));
    }
    if rule.takes_back {
        line!(out, "  returns take-back");
    }
    if rule.adds_again {
        line!(out, "  returns add-again");
    }
    if rule.as_it_stood {
        line!(out, "  rows as-they-stood");
    }
    if let Some(hold) = &rule.hold {
        let per = match &hold.per {
            None => "payee".to_owned(),
            Some((record, path)) => party_words(plan, *record, path),
        };
        let paid_per = hold.paid_per.map(|period| format!(" paid-per {}", period.word().replace(' ', "-")));
        let at_end = if hold.all_at_end { " all-at-end" } else { "" };
        line!(out, "  hold until {} per {per}{}{at_end}", hold.until, paid_per.unwrap_or_default());
    }
    if !rule.folds.is_empty() {
        let groups: Vec<String> = rule.folds.iter().map(|id| plan.fold_name(*id)).collect();
        line!(out, "  after {}", groups.join(", "));
    }
    for (idx, known) in rule.nodes.iter().enumerate() {
        line!(out, "  {:2} {}", idx + 1, node(&place, known));
    }
}

fn node(place: &Place, node: &Node) -> String {
    let plan = place.plan;
    let list = |values: &[Expr]| values.iter().map(|value| place.typed(value)).collect::<Vec<_>>().join(", ");
    match node {
        Node::TotalOfAll { state, filter, summands } => {
            let filter = filter.as_ref().map_or(String::new(), |filter| format!(" where {}", place.phrase(filter)));
            format!("total-of-all {} {}{filter}", plan.state_name(*state), list(summands))
        }
        Node::Active => "active".to_owned(),
        Node::Until => "until".to_owned(),
        Node::Keep(condition) => format!("keep {}", place.phrase(condition)),
        Node::Let(local, value) => format!("let {} = {}", place.locals[local.index()].name, place.typed(value)),
        Node::First { state, most } => format!("first {most} {}", plan.state_name(*state)),
        Node::Total { state, summands } => format!("total {} {}", plan.state_name(*state), list(summands)),
        Node::Set(decision, local) => {
            format!("set {} to let.{}", plan.decision_name(*decision), place.locals[local.index()].name)
        }
        Node::Emit(emit) => {
            let along = match emit.owner {
                Owner::Row => String::new(),
                Owner::Total(state) => format!(" along {}", plan.state_name(state)),
            };
            let factor = emit.factor.as_ref().map_or(String::new(), |factor| format!(" times {}", place.typed(factor)));
            let unit = &plan.unit(emit.unit).code;
            let payee = emit.payee.as_ref().map_or("nobody".to_owned(), |payee| place.typed(payee));
            let somebody = emit.somebody.as_ref().map_or(String::new(), |known| format!(" if {}", place.typed(known)));
            format!("emit {payee}{somebody} worth {}{factor}{along} in {unit}", place.typed(&emit.worth))
        }
        Node::Pay(pay) => {
            let due = pay.due.as_ref().map_or(String::new(), |day| format!(" due {}", place.typed(day)));
            let parts = pay.installments.map_or(String::new(), |Installments { number, period }| {
                format!(" in {number} per {}", period.word().replace(' ', "-"))
            });
            format!("{}{due}{parts}", if pay.negative { "take-back" } else { "pay" })
        }
        Node::Rank(rank) => {
            let completed =
                if rank.completed.is_empty() { String::new() } else { format!(" completed {}", list(&rank.completed)) };
            format!("rank {} by {}{completed}", rank.ties.word(), place.typed(&rank.measure))
        }
        Node::TakeFrom(take) => {
            let accounts: Vec<String> = take.accounts.iter().map(|account| place.account(account, " of ")).collect();
            format!("take {} from {}", place.typed(&take.amount), accounts.join(", "))
        }
        Node::Add(add) => {
            let until = add.until.as_ref().map_or(String::new(), |until| format!(" until {}", place.typed(until)));
            let at_start = if add.at_start { " at-start" } else { "" };
            format!("add {} to {}{at_start}{until}", place.typed(&add.amount), place.account(&add.account, " of "))
        }
        Node::Choose(id) => format!("choose {}", id.0 + 1),
        Node::Share(share) => shares::write(place, share),
        Node::Limit(Limit::Payments { most, state }) => {
            format!("most-payments {} under {}", place.typed(most), plan.state_name(*state))
        }
        Node::Limit(Limit::PerPayment(bound)) => format!("at-most {}", place.typed(bound)),
        Node::Limit(Limit::AtMost { amount, state }) => {
            format!("at-most {} under {}", place.typed(amount), plan.state_name(*state))
        }
        Node::Limit(Limit::AtLeast { amount, state, period }) => {
            format!("at-least {} under {} per {}", place.typed(amount), plan.state_name(*state), Word::word(*period))
        }
    }
}
