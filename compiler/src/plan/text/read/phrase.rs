//! Reads expressions and types.

use super::super::lexer::{Cursor, Read};
use super::super::names::{Place, path_named};
use super::super::words::Word;
use super::{number, word};
use crate::plan::calendar::day_of;
use crate::plan::{
    Account, Back, CreditPart, DomainId, Expr, Function, LocalId, Op, Period, Plan, Predicate, PredicateId, Root,
    ScheduleId, ScheduleOutput, SearchId, StateId, TableId, TextTest, Type, UnitId,
};
use crate::value::{Exact, parse_exact};
use meed_grammar::span::Span;

/// A type by its words.
pub(in super::super) fn ty(plan: &Plan, line: &mut Cursor) -> Read<Type> {
    let of_field = |line: &mut Cursor| {
        let name = line.word()?;
        plan.type_of_field(name).ok_or_else(|| format!("there is no field `{name}`"))
    };
    let domain = |ty: Type| match ty {
        Type::Text(domain) | Type::Id(domain) => Ok(domain),
        _ => Err("this field holds no texts".to_owned()),
    };
    Ok(match line.word()? {
        "number" => Type::Number,
        "count" => Type::Count,
        "percent" => Type::Percent,
        "money" => Type::MONEY,
        other if let Some(code) = other.strip_prefix("money-") => {
            Type::Money(plan.unit_named(code).ok_or_else(|| format!("there is no unit `{code}`"))?)
        }
        "yes/no" => Type::YesNo,
        "date" => Type::Date,
        "one-of" => of_field(line)?,
        "text" => Type::Text(domain(of_field(line)?)?),
        "id" => Type::Id(domain(of_field(line)?)?),
        other if let Some(period) = Period::of_word(other) => Type::Period(period),
        other => {
            let name = other.strip_prefix("->").ok_or_else(|| format!("`{other}` is no type"))?;
            Type::Ref(plan.record_named(name).ok_or_else(|| format!("there is no record `{name}`"))?)
        }
    })
}

/// `in "a", "b"`, `contains "a"`, `starts-with "a"`, `ends-with "a"`
pub(in super::super) fn test(line: &mut Cursor) -> Read<TextTest> {
    Ok(match line.word()? {
        "in" => TextTest::In(line.list(Cursor::text)?),
        "contains" => TextTest::Contains(line.text()?),
        "starts-with" => TextTest::StartsWith(line.text()?),
        "ends-with" => TextTest::EndsWith(line.text()?),
        other => return Err(format!("`{other}` is no test of a text")),
    })
}

/// The number of text, a percent as its share.
pub(in super::super) fn exact(text: &str) -> Read<Exact> {
    let (text, hundredth) = text.strip_suffix('%').map_or((text, Exact::ONE), |text| (text, Exact::from(100)));
    let (top, bottom) = text.split_once('/').unwrap_or((text, "1"));
    let parts = parse_exact(top).zip(parse_exact(bottom)).filter(|(_, bottom)| *bottom != Exact::ZERO);
    parts.map(|(top, bottom)| top / bottom / hundredth).ok_or_else(|| format!("`{text}` is no number"))
}

impl Place<'_> {
    /// An expression with its type behind it.
    pub(in super::super) fn read_typed(&self, line: &mut Cursor) -> Read<Expr> {
        let value = self.read(line)?;
        line.expect(":")?;
        Ok(Expr { ty: ty(self.plan, line)?, ..value })
    }

    pub(in super::super) fn read(&self, line: &mut Cursor) -> Read<Expr> {
        let bracket = line.takes_mark('(');
        let (op, mut said) = if bracket { (None, None) } else { self.leaf(line)? };
        let op = match op {
            Some(op) => op,
            None => {
                let left = self.read(line)?;
                if line.takes(":") {
                    // The bracket only gives the type of what is in it.
                    let typed = Expr { ty: ty(self.plan, line)?, ..left };
                    line.expect_mark(')')?;
                    return Ok(typed);
                }
                let op = self.infix(left, line)?;
                line.expect_mark(')')?;
                op
            }
        };
        let optional = line.takes_mark('?');
        let ty = said.take().unwrap_or_else(|| self.usual_type(&op));
        Ok(Expr { op, ty, optional, span: Span::default() })
    }

    /// What has two sides, behind its left one.
    fn infix(&self, left: Expr, line: &mut Cursor) -> Read<Op> {
        if matches!(line.peek(), Some("in" | "contains" | "starts-with" | "ends-with")) {
            let test = test(line)?;
            let (Type::Text(domain) | Type::Id(domain)) = left.ty else {
                return Err("only texts and ids are tested so".to_owned());
            };
            return Ok(Op::one(Function::Test(self.predicate(domain, test)?), left));
        }
        let word = line.word()?;
        let right = self.read(line)?;
        if word == "if-unknown" {
            return Ok(Op::IfUnknown(Box::new(left), Box::new(right)));
        }
        let function = Function::of_word(word, true);
        function
            .map(|function| Op::two(function, left, right))
            .ok_or_else(|| format!("`{word}` is not written between two values"))
    }

    fn predicate(&self, domain: DomainId, test: TextTest) -> Read<PredicateId> {
        let wanted = Predicate { domain, test };
        let found = self.plan.predicates.iter().position(|known| *known == wanted);
        found.map(|idx| PredicateId(idx as u32)).ok_or_else(|| "this test of a text is not listed".to_owned())
    }

    /// What begins with a word, and its type where the word says it.
    fn leaf(&self, line: &mut Cursor) -> Read<(Option<Op>, Option<Type>)> {
        let first = line.word()?;
        if line.takes_mark('(') {
            let op = self.function(first, line)?;
            line.expect_mark(')')?;
            return Ok((Some(op), None));
        }
        let op = match first {
            "yes" => Op::YesNo(true),
            "no" => Op::YesNo(false),
            "missing" => Op::Missing,
            "when" => Op::When,
            "rank" => Op::Rank,
            "payment.amount" => Op::PaymentAmount,
            "credit.share" => Op::Credit(CreditPart::Share),
            "credit.base" => Op::Credit(CreditPart::Base),
            "amount" | "rate" | "band" if line.takes("of") => {
                let output = ScheduleOutput::of_word(first).unwrap_or(ScheduleOutput::Amount);
                self.schedule_output(output, line)?
            }
            "lookup" if line.takes("of") => self.lookup(line)?,
            "find" if line.takes("of") => self.find(line)?,
            "text" if line.takes("of") => self.text(line)?,
            _ if first.starts_with(|c: char| c.is_ascii_digit() || c == '-') => return self.literal(first, line),
            _ => return self.name(first),
        };
        Ok((Some(op), None))
    }

    fn literal(&self, first: &str, line: &mut Cursor) -> Read<(Option<Op>, Option<Type>)> {
        if let Ok(date) = first.parse() {
            return Ok((Some(Op::Date(day_of(date))), None));
        }
        let said = if first.ends_with('%') {
            Some(Type::Percent)
        } else {
            let unit = |id: u32| (UnitId(id), self.plan.unit(UnitId(id)));
            let mut units = (0..self.plan.units.len() as u32).map(unit);
            units.find(|(_, unit)| line.takes(&unit.code)).map(|(id, _)| Type::Money(id))
        };
        Ok((Some(Op::Number(exact(first)?)), said))
    }

    /// `row.amount`, `let.volume`, `value.deal.kind.sale`, …
    fn name(&self, name: &str) -> Read<(Option<Op>, Option<Type>)> {
        let unknown = || format!("`{name}` names nothing here");
        let (first, rest) = name.split_once('.').unwrap_or((name, ""));
        let op = match first {
            "let" => {
                let place = self.locals.iter().position(|local| local.name == rest).ok_or_else(unknown)?;
                Op::Local(LocalId(place as u32))
            }
            "taken" => Op::Taken(rest.parse::<u32>().ok().and_then(|nth| nth.checked_sub(1)).ok_or_else(unknown)?),
            "fold" => Op::Fold(self.plan.fold_named(self.rule, name).ok_or_else(unknown)?),
            "argument" => {
                Op::Argument(rest.parse::<u32>().ok().and_then(|idx| idx.checked_sub(1)).ok_or_else(unknown)?)
            }
            "value" => {
                let (of, value) = rest.rsplit_once('.').ok_or_else(unknown)?;
                let ty = self.plan.type_of_field(of).ok_or_else(unknown)?;
                let Type::Choice(choice) = ty else { return Err(unknown()) };
                let list = &self.plan.choices[choice.index()];
                let place = match of {
                    "texts" => value.parse().ok().and_then(|n: usize| n.checked_sub(1)).filter(|idx| *idx < list.len()),
                    _ => list.iter().position(|known| known == value),
                };
                return Ok((Some(Op::Choice(place.ok_or_else(unknown)? as u32)), Some(ty)));
            }
            "decision" => self.decision(name, Root::Row).ok_or_else(unknown)?,
            "source" | "payee" if rest.starts_with("decision.") => {
                self.decision(rest, Root::of_word(first).unwrap_or(Root::Row)).ok_or_else(unknown)?
            }
            _ => self.field_of(first, rest).ok_or_else(unknown)?,
        };
        Ok((Some(op), None))
    }

    fn decision(&self, name: &str, root: Root) -> Option<Op> {
        Some(Op::Decision { decision: self.plan.decision_named(name)?, root })
    }

    fn field_of(&self, root: &str, names: &str) -> Option<Op> {
        let (root, record) = match root.split_once(':') {
            Some((root, record)) => (root, self.plan.record_named(record)?),
            None => (root, self.record?),
        };
        let root = Root::of_word(root)?;
        Some(Op::Field { root, record, path: path_named(self.plan, record, names)? })
    }

    fn schedule_output(&self, output: ScheduleOutput, line: &mut Cursor) -> Read<Op> {
        let name = line.word()?;
        let place = self.plan.schedules.iter().position(|schedule| schedule.name == name);
        let schedule = ScheduleId(place.ok_or_else(|| format!("there is no schedule `{name}`"))? as u32);
        line.expect_mark('(')?;
        let operands = line.list(|line| self.read(line))?;
        line.expect_mark(')')?;
        Ok(Op::Call(Function::Schedule { schedule, output }, operands))
    }

    /// `lookup of NAME RESULT(…)`
    fn lookup(&self, line: &mut Cursor) -> Read<Op> {
        let name = line.word()?;
        let place = self.plan.tables.iter().position(|table| table.name == name);
        let table = TableId(place.ok_or_else(|| format!("there is no table `{name}`"))? as u32);
        let result = line.word()?;
        let result = self.plan.tables[table.index()].result(result).ok_or_else(|| format!("it gives no `{result}`"))?;
        line.expect_mark('(')?;
        let operands = line.list(|line| self.read(line))?;
        line.expect_mark(')')?;
        Ok(Op::Call(Function::Lookup { table, result }, operands))
    }

    /// `text of deal.note (in "a")`
    fn text(&self, line: &mut Cursor) -> Read<Op> {
        let name = line.word()?;
        let Some(Type::Text(domain) | Type::Id(domain)) = self.plan.type_of_field(name) else {
            return Err(format!("`{name}` holds no texts"));
        };
        line.expect_mark('(')?;
        let test = test(line)?;
        line.expect_mark(')')?;
        let place = self.plan.predicates.iter().position(|known| known.domain == domain && known.test == test);
        let place = place.ok_or("no test is for this text")?;
        Ok(Op::Call(Function::Text(PredicateId(place as u32)), Vec::new()))
    }

    /// `find of search.1 output.2(…)`
    fn find(&self, line: &mut Cursor) -> Read<Op> {
        let numbered = |line: &mut Cursor, word: &str| -> Read<u32> {
            let text = line.word()?;
            let number = text.strip_prefix(word).and_then(|number| number.parse::<u32>().ok()?.checked_sub(1));
            number.ok_or_else(|| format!("`{text}` where `{word}1` or the like is expected"))
        };
        let search = SearchId(numbered(line, "search.")?);
        let output = numbered(line, "output.")?;
        let operands = line.bracketed(|line| self.read(line))?;
        Ok(Op::Call(Function::Find { search, output }, operands))
    }

    fn state(&self, line: &mut Cursor) -> Read<StateId> {
        let name = line.word()?;
        self.plan.state_named(self.rule, name).ok_or_else(|| format!("the rule keeps no `{name}`"))
    }

    /// What is in the brackets of a function.
    fn function(&self, name: &str, line: &mut Cursor) -> Read<Op> {
        let many = |line: &mut Cursor| line.list(|line| self.read(line));
        Ok(match name {
            "all" => Op::And(many(line)?),
            "any" => Op::Or(many(line)?),
            "round" => {
                let value = self.read(line)?;
                line.expect_mark(',')?;
                let mode = word(line)?;
                line.expect_mark(',')?;
                Op::one(Function::Round { mode, quantum: exact(line.word()?)? }, value)
            }
            "back" => {
                let value = self.read(line)?;
                line.expect_mark(',')?;
                let period = word(line)?;
                line.expect_mark(',')?;
                let back = if line.takes("year") { Back::Year } else { Back::Periods(number(line)?) };
                Op::one(Function::PeriodBack(period, back), value)
            }
            "balance" => {
                let balance = super::rules::balance(self.plan, line)?;
                let owner = if line.takes_mark(',') { Some(Box::new(self.read_typed(line)?)) } else { None };
                Op::Balance(Account { balance, owner })
            }
            "level" => {
                let state = self.state(line)?;
                line.expect_mark(',')?;
                let summand: u32 = number(line)?;
                line.expect_mark(',')?;
                Op::Level { state, summand: summand.saturating_sub(1), side: word(line)? }
            }
            "increment" => {
                let state = self.state(line)?;
                line.expect_mark(',')?;
                Op::Increment { state, body: Box::new(self.read(line)?) }
            }
            "if" => self.conditional(line)?,
            _ => {
                let function =
                    Function::of_word(name, false).ok_or_else(|| format!("there is no function `{name}`"))?;
                Op::Call(function, many(line)?)
            }
        })
    }

    fn conditional(&self, line: &mut Cursor) -> Read<Op> {
        let mut branches = Vec::new();
        while !line.takes("otherwise") {
            let condition = self.read(line)?;
            line.expect("then")?;
            branches.push((condition, self.read(line)?));
            line.expect_mark(',')?;
        }
        Ok(Op::If { branches, otherwise: Box::new(self.read(line)?) })
    }
}
