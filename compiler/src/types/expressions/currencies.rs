//! Amounts in other currencies: `money in currency`, which is converted before anything is done with it.

use crate::plan::{
    ByRow, ChoiceId, Comparison, Edge, Expr, FieldId, FindFunction, Function, Op, Period, Reading, RecordId, Root,
    Search, SearchOutput, Stream, TextTest, Type, Unit, UnitId,
};
use crate::types::Typing;
use crate::types::expressions::{literals, unbracketed};
use crate::types::later::{Later, later};
use crate::types::scope::{Scope, Typed};
use crate::value::Exact;
use meed_grammar::problem::Problem;
use meed_grammar::span::Span;
use meed_grammar::tree::{self, ExprKind, RateDay};

impl Typing<'_> {
    /// The fields that name the currencies of amounts.
    pub(in crate::types) fn currencies(&mut self) {
        let fields: Vec<_> = self.foreign.iter().map(|((id, field), name)| (*id, *field, name.clone())).collect();
        for (id, field, name) in fields {
            let amount = self.program.record(id).fields[field.index()].name.clone();
            let Some(currency) = self.field_of(id, &name.text) else {
                if self.failed_fields.insert((id, amount.clone())) {
                    let record = &self.program.record(id).name;
                    let message =
                        format!("`{record}` has no field `{}` that names the currency of `{amount}`", name.text);
                    let help = format!("add one: {} text", name.text);
                    self.problem(Problem::error("unknown-name", name.span, message).help(help));
                }
                continue;
            };
            let ty = self.program.record(id).fields[currency.index()].ty;
            let help = format!("declare it as text, or list the currencies: {} one of USD, EUR", name.text);
            if let Type::Choice(list) = ty {
                let listed = &self.program.choices[list.index()];
                let other = listed.iter().find(|code| iso_currency::Currency::from_code(code).is_none());
                if let Some(other) = other {
                    let message = format!("`{}` names the currency of `{amount}`, and `{other}` is none", name.text);
                    self.problem(Problem::error("unknown-currency", name.span, message).help(help));
                }
            } else if !matches!(ty, Type::Text(_) | Type::Id(_)) {
                let message = format!("`{}` is {}, and a currency is a text like EUR", name.text, self.type_words(ty));
                self.problem(Problem::error("type-mismatch", name.span, message).help(help));
            }
        }
    }

    /// An amount in the currency that its row names, where nothing converts it: paid as it is if the currencies are listed.
    pub(super) fn in_its_own(
        &mut self,
        root: Root,
        record: RecordId,
        path: Vec<FieldId>,
        span: Span,
        scope: &Scope,
    ) -> Option<Typed> {
        let (last, before) = path.split_last()?;
        let owner = self.record_behind(record, before);
        let currency = self.foreign.get(&(owner, *last))?.clone();
        let field = self.field_of(owner, &currency.text)?;
        let ty = self.program.record(owner).fields[field.index()].ty;
        let Type::Choice(list) = ty else {
            let list = format!("{} one of {}, EUR", currency.text, self.program.currency().code);
            return self.unconverted(owner, *last, span, &format!("; to pay it as it is, list the currencies: {list}"));
        };
        if scope.in_set() || scope.rule.is_none() {
            return self.unconverted(owner, *last, span, "");
        }
        let code = [before, &[field]].concat();
        self.mark_used(record, &path);
        self.mark_used(record, &code);
        let may_lack_code = self.path_optional(root, record, &code, scope);
        let optional = may_lack_code || self.path_optional(root, record, &path, scope);
        let code =
            Expr { op: Op::Field { root, record, path: code }, ty, optional: may_lack_code, span: Span::default() };
        let unit = self.unit_by_row(code, list);
        let amount = Expr { op: Op::Field { root, record, path }, ty: Type::Number, optional, span };
        let one = Expr { op: Op::Number(Exact::ONE), ty: Type::Money(unit), optional: false, span };
        let expr = |op, ty, optional| Expr { op, ty, optional, span };
        let paid = expr(Op::two(Function::Multiply, amount, one), Type::Money(unit), optional);
        let Some(by_row) = self.program.unit(unit).by_row.as_ref().filter(|by_row| by_row.currency.optional) else {
            return Some(Typed::from_expr(paid));
        };
        // Without its currency it is no amount.
        let known = expr(Op::one(Function::Known, by_row.currency.clone()), Type::YesNo, false);
        let otherwise = Box::new(expr(Op::Missing, Type::Money(unit), true));
        let op = Op::If { branches: vec![(known, paid)], otherwise };
        Some(Typed::new(op, Type::Money(unit), optional, span))
    }

    /// The unit of amounts in the currency that a field of the row names.
    fn unit_by_row(&mut self, currency: Expr, list: ChoiceId) -> UnitId {
        let same = |unit: &Unit| unit.by_row.as_ref().is_some_and(|by_row| by_row.currency.op == currency.op);
        if let Some(known) = self.program.units.iter().position(same) {
            return UnitId(known as u32);
        }
        let codes = self.program.choices[list.index()].clone();
        let units: Vec<UnitId> = codes.iter().map(|code| self.unit_of_code(code)).collect();
        let decimals = units.iter().map(|unit| self.program.unit(*unit).decimals).max().unwrap_or(2);
        let (mode, each_line) = (self.program.currency().mode, self.program.currency().each_line);
        let id = UnitId(self.program.units.len() as u32);
        let code = format!("of-row-{}", id.0);
        let by_row = Some(ByRow { currency, units });
        self.program.units.push(Unit { code, decimals, mode, each_line, by_row });
        id
    }

    /// The unit of a currency, which is rounded like the program's.
    fn unit_of_code(&mut self, code: &str) -> UnitId {
        if let Some(known) = self.program.units.iter().position(|unit| unit.code == code) {
            return UnitId(known as u32);
        }
        let decimals = iso_currency::Currency::from_code(code).and_then(|currency| currency.exponent()).unwrap_or(2);
        let currency = self.program.currency();
        let unit = Unit { code: code.to_owned(), decimals: decimals.into(), by_row: None, ..currency.clone() };
        self.program.units.push(unit);
        UnitId(self.program.units.len() as u32 - 1)
    }

    /// The record that the fields of a path lead to.
    fn record_behind(&self, record: RecordId, path: &[FieldId]) -> RecordId {
        path.iter().fold(record, |at, field| match self.program.record(at).fields[field.index()].ty {
            Type::Ref(next) => next,
            _ => at,
        })
    }

    /// Says that an amount is in another currency and not converted.
    fn unconverted<T>(&mut self, record: RecordId, field: FieldId, span: Span, more: &str) -> Option<T> {
        let currency = self.foreign.get(&(record, field))?.text.clone();
        let (written, code) = (self.in_one_line(span), self.program.currency().code.clone());
        let message = format!("`{written}` is in the currency that `{currency}` names");
        self.problem(
            Problem::error("currency-mismatch", span, message)
                .label("an amount of many currencies")
                .help(format!("convert it by the rate of a day: ({written} in {code} at closed_on){more}")),
        );
        None
    }

    /// Whether a field is an amount of another currency that is not converted here, which is said.
    pub(super) fn is_unconverted(&mut self, record: RecordId, field: FieldId, span: Span) -> bool {
        if self.converting || !self.foreign.contains_key(&(record, field)) {
            return false;
        }
        let _: Option<()> = self.unconverted(record, field, span, "");
        true
    }

    /// `amount in USD at closed_on`
    pub(super) fn in_currency(
        &mut self,
        value: &tree::Expr,
        currency: &tree::Name,
        at: Option<&RateDay>,
        span: Span,
        scope: &mut Scope,
    ) -> Option<Typed> {
        if !matches!(unbracketed(value).kind, ExprKind::Path(_)) {
            let message = "only a field of the type `money in …` is converted";
            self.problem(
                Problem::error("currency-mismatch", value.span, message).help("convert each field of its own"),
            );
            return None;
        }
        let outside = std::mem::replace(&mut self.converting, true);
        let amount = self.expression(value, scope);
        self.converting = outside;
        let amount = amount?;
        let Op::Field { root, record, path } = amount.op.clone() else {
            self.problem(later(value.span, Later::OtherRowsCurrency));
            return None;
        };
        let (last, before) = path.split_last()?;
        let owner = self.record_behind(record, before);
        let Some(name) = self.foreign.get(&(owner, *last)).cloned() else {
            let words = self.in_one_line(value.span);
            let message = format!("`{words}` is in {} already", self.program.currency().code);
            let help = "declare it as `money in currency`, where another field names the currency";
            self.problem(Problem::error("currency-mismatch", value.span, message).help(help));
            return None;
        };
        if currency.text != self.program.currency().code {
            let code = self.program.currency().code.clone();
            let message = format!("the program pays in {code}, and amounts are converted to that");
            self.problem(
                Problem::error("currency-mismatch", currency.span, message)
                    .choice(currency.span, code.clone())
                    .help(format!("write {code}")),
            );
            return None;
        }
        // What is told of the rate is told of the words behind the amount, and of its day of those behind the currency.
        let tail = Span { start: value.span.end, end: span.end };
        let day = self.day_of_rate(at, span, Span { start: currency.span.end, end: span.end }, scope)?;
        let code = self.field_of(owner, &name.text)?;
        let mut path = before.to_vec();
        path.push(code);
        self.mark_used(record, &path);
        let ty = self.program.record(owner).fields[code.index()].ty;
        let optional = self.path_optional(root, record, &path, scope);
        let code = Expr { op: Op::Field { root, record, path }, ty, optional, span: Span::default() };
        let rate = self.rate(code, day, tail)?;
        let one = Expr { op: Op::Number(Exact::ONE), ty: Type::MONEY, optional: false, span };
        let optional = amount.optional || rate.optional;
        let converted = Op::two(Function::Multiply, amount.into_expr(), rate);
        let converted = Expr { op: converted, ty: Type::Number, optional, span };
        Some(Typed::new(Op::two(Function::Multiply, converted, one), Type::MONEY, optional, span))
    }

    /// The day whose rate counts.
    fn day_of_rate(&mut self, at: Option<&RateDay>, span: Span, tail: Span, scope: &mut Scope) -> Option<Expr> {
        match at {
            None => {
                let end = Span { start: span.end, end: span.end };
                let message = "the rate of which day counts?";
                self.problem(
                    Problem::error("missing-date", span, message)
                        .help("say it: at closed_on, or at end of quarter")
                        .choice(end, " at end of quarter"),
                );
                None
            }
            Some(RateDay::Day(day)) => {
                let typed = self.expression(day, scope)?;
                if typed.ty == Type::Date {
                    return Some(typed.into_expr());
                }
                let words = self.type_words(typed.ty);
                self.problem(Problem::error("type-mismatch", day.span, format!("this must be a date, not {words}")));
                None
            }
            Some(RateDay::EndOf(word)) => {
                let period = self.held(Period::from_word(&word.text)?, word.span)?;
                let when = Expr { op: Op::When, ty: Type::Date, optional: false, span: Span::default() };
                if period == Period::Program {
                    return Some(Expr { op: Op::Date(self.program.active.to), span: tail, ..when });
                }
                Some(Expr { op: Op::one(Function::PeriodEdge(period, Edge::Last), when.clone()), span: tail, ..when })
            }
        }
    }

    /// How much of the program's currency one of another is on a day: the last row of the rates up to it.
    fn rate(&mut self, code: Expr, day: Expr, span: Span) -> Option<Expr> {
        let [rates] = &self.resolved.rates[..] else {
            let (message, help) = if self.resolved.rates.is_empty() {
                ("the program has no rates of exchange", "write: rates daily from \"rates.csv\"")
            } else {
                ("which of the program's rates count?", "keep one `rates`")
            };
            self.problem(Problem::error("missing-clause", span, message).help(help));
            return None;
        };
        let record = *self.records.get(&rates.name.text)?;
        let field = |typing: &Self, name: &str| {
            let field = typing.field_of(record, name)?;
            let ty = typing.program.record(record).fields[field.index()].ty;
            let op = Op::Field { root: Root::Row, record, path: vec![field] };
            Some(Expr { op, ty, optional: false, span: Span::default() })
        };
        let (from, to, rate) = (field(self, "from")?, field(self, "to")?, field(self, "rate")?);
        for name in ["from", "to", "rate", "day"] {
            let field = self.field_of(record, name)?;
            self.mark_used(record, &[field]);
        }
        if let (Type::Text(a), Type::Text(b) | Type::Id(b)) = (from.ty, code.ty) {
            self.join_domains(a, b);
        }
        let own = self.program.currency().code.clone();
        let target = self.text_beside_data(literals::text_literal(&own, span), Some(to.ty))?.into_expr();
        let search = Search {
            stream: Stream::Events(record),
            keys: vec![from.clone(), to],
            ways: Vec::new(),
            from: None,
            to: Some(2),
            before: None,
            only: None,
            also: None,
            operands: vec![from.ty, target.ty, Type::Date],
            reading: Reading::Left,
            outputs: Vec::new(),
            span: Span::default(),
        };
        let id = self.search_id(search);
        let (id, output) = self.output(id, SearchOutput { function: FindFunction::Latest, value: rate, den: None });
        let optional = code.optional || day.optional;
        let number = |op, optional| Expr { op, ty: Type::Number, optional, span };
        let yes_no = |op, optional| Expr { op, ty: Type::YesNo, optional, span };
        let needed = |from: Expr| {
            let operands = vec![from, target.clone(), day.clone()];
            let found = Op::Call(Function::Find { search: id, output }, operands);
            number(Op::one(Function::Rate, Expr { span: Span::default(), ..number(found, true) }), false)
        };
        let one = number(Op::Number(Exact::ONE), false);
        let (mut branches, otherwise) = match code.ty {
            Type::Text(domain) | Type::Id(domain) => {
                let is_own = self.predicate_id(domain, TextTest::In(vec![own]));
                let is_own = yes_no(Op::one(Function::Test(is_own), code.clone()), code.optional);
                (vec![(is_own, one)], needed(Expr { ty: from.ty, ..code.clone() }))
            }
            // The last of a list is what is none of the others.
            Type::Choice(list) => {
                let mut rates = Vec::new();
                for (place, listed) in (0..).zip(self.program.choices[list.index()].clone()) {
                    let value = Expr { op: Op::Choice(place), optional: false, ..code.clone() };
                    let is_it = Op::two(Function::Compare(Comparison::Equal), code.clone(), value);
                    let text = self.text_beside_data(literals::text_literal(&listed, span), Some(from.ty))?.into_expr();
                    let rate = if listed == own { one.clone() } else { needed(text) };
                    rates.push((yes_no(is_it, code.optional), rate));
                }
                let (_, last) = rates.pop()?;
                (rates, last)
            }
            _ => return None,
        };
        if !optional {
            return Some(number(Op::If { branches, otherwise: Box::new(otherwise) }, false));
        }
        let known = |value: Expr| yes_no(Op::one(Function::Known, value), false);
        branches.push((yes_no(Op::And(vec![known(code), known(day)]), false), otherwise));
        Some(number(Op::If { branches, otherwise: Box::new(number(Op::Missing, true)) }, true))
    }

    /// Amounts whose currency each row names are of several units, which do not add up.
    pub(in crate::types) fn of_one_unit(&mut self, ty: Type, span: Span, what: &str) -> Option<()> {
        if ty.unit().is_none_or(|unit| self.program.unit(unit).by_row.is_none()) {
            return Some(());
        }
        let code = self.program.currency().code.clone();
        let message = format!("{what} of one unit, and these amounts are in the currencies of their rows");
        let help = format!("convert them by the rate of a day: (amount in {code} at closed_on)");
        self.problem(Problem::error("currency-mismatch", span, message).help(help));
        None
    }
}
