//! Ranges of payees in the order of output, each with few enough lines to be put in order together.

use crate::keys::columns::Keys;
use crate::pay::line_columns::LineColumns;
use crate::pay::paid_rule::{PaidRule, compare};
use crate::store::error::StoreError;

/// Ranges of payees in the order of output.
pub(super) struct Ranges {
    /// By kind of party, the rank of each payee; none where one kind is paid, whose rows are in order.
    ranks: Option<Vec<Vec<u32>>>,
    /// The kinds of parties that are paid.
    kinds: Vec<u32>,
    /// By rank, the range.
    of_rank: Vec<u32>,
    /// By range.
    pub spans: Vec<Span>,
}

/// A range of payees, by their ranks.
pub(super) struct Span {
    first: u32,
    /// The rank behind the last.
    end: u32,
    pub n_lines: usize,
    /// Whether all lines are of one payee.
    pub is_one_payee: bool,
}

impl Ranges {
    /// Ranges of about so many lines.
    pub fn new(rule: &PaidRule<'_>, n_held: usize) -> Result<Self, StoreError> {
        let kinds: Vec<u32> = rule.kinds.iter().map(|(kind, _)| kind.0).collect();
        let ranks = ranks(rule);
        let n_ranks = rule.kinds.iter().map(|(_, keys)| keys.len()).sum();
        let all = Span { first: 0, end: n_ranks as u32, n_lines: rule.n_lines(), is_one_payee: false };
        let mut own = Self { ranks, kinds, of_rank: vec![0; n_ranks], spans: vec![all] };
        if rule.n_lines() <= n_held {
            return Ok(own);
        }
        let mut n_lines = vec![0usize; n_ranks];
        for &id in &rule.ids {
            let usual = rule.usual_kind(id);
            for page in 0..rule.lines(id).n_pages() {
                let lines = rule.lines(id).page(page)?;
                for (idx, &payee) in lines.payees.iter().enumerate() {
                    n_lines[own.rank(lines.kind(idx, usual).0, payee) as usize] += 1;
                }
            }
        }
        let (mut first, mut n_payees, mut n_in_range) = (0, 0, 0);
        let span = |first, end, n_payees: usize, n_lines| Span { first, end, n_lines, is_one_payee: n_payees == 1 };
        own.spans.clear();
        for (rank, &n) in (0..).zip(&n_lines) {
            if n_payees > 0 && n > 0 && n_in_range + n > n_held {
                own.spans.push(span(first, rank, n_payees, n_in_range));
                (first, n_payees, n_in_range) = (rank, 0, 0);
            }
            own.of_rank[rank as usize] = own.spans.len() as u32;
            (n_payees, n_in_range) = (n_payees + usize::from(n > 0), n_in_range + n);
        }
        own.spans.push(span(first, n_ranks as u32, n_payees, n_in_range));
        Ok(own)
    }

    /// The rank of a payee.
    fn rank(&self, kind: u32, payee: u32) -> u32 {
        match &self.ranks {
            None => payee,
            Some(ranks) => ranks[self.kinds.partition_point(|known| *known < kind)][payee as usize],
        }
    }

    /// The ranks of the payees of lines.
    fn ranks_of(&self, lines: &LineColumns) -> Vec<u32> {
        match &self.ranks {
            None => lines.payees.clone(),
            Some(_) => lines.kinds.iter().zip(&lines.payees).map(|(kind, payee)| self.rank(*kind, *payee)).collect(),
        }
    }

    /// By range, the places of those of these lines whose payees are in it.
    pub fn places<'p>(&self, lines: &LineColumns, places: &'p mut Vec<u32>) -> Vec<&'p [u32]> {
        let ranges: Vec<u32> = self.ranks_of(lines).iter().map(|&rank| self.of_rank[rank as usize]).collect();
        let ends = by_number(&ranges, self.spans.len(), places);
        let mut start = 0;
        let each = |end| &places[std::mem::replace(&mut start, end as usize)..end as usize];
        ends.into_iter().map(each).collect()
    }

    /// The places of the lines of a range in the order of their payees.
    pub fn order(&self, span: &Span, lines: &LineColumns, places: &mut Vec<u32>) {
        let mut ranks = self.ranks_of(lines);
        ranks.iter_mut().for_each(|rank| *rank -= span.first);
        by_number(&ranks, (span.end - span.first) as usize, places);
    }
}

/// By kind of party, the place of each party among those of all kinds in the order of keys.
fn ranks(rule: &PaidRule<'_>) -> Option<Vec<Vec<u32>>> {
    if rule.kinds.len() < 2 {
        return None;
    }
    let parties = |(kind, (_, keys)): (usize, &(_, &Keys))| (0..keys.len() as u32).map(move |row| (kind, row));
    let mut parties: Vec<(usize, u32)> = rule.kinds.iter().enumerate().flat_map(parties).collect();
    parties.sort_unstable_by(|(a, a_row), (b, b_row)| {
        compare(rule.kinds[*a].1, *a_row, rule.kinds[*b].1, *b_row).then(a.cmp(b)).then(a_row.cmp(b_row))
    });
    let mut ranks: Vec<Vec<u32>> = rule.kinds.iter().map(|(_, keys)| vec![0; keys.len()]).collect();
    (0..).zip(&parties).for_each(|(rank, (kind, row))| ranks[*kind][*row as usize] = rank);
    Some(ranks)
}

/// Places by the number of each, below `n_numbers`; those of one number stay in their order. Gives where each number ends.
fn by_number(numbers: &[u32], n_numbers: usize, places: &mut Vec<u32>) -> Vec<u32> {
    let mut next = vec![0u32; n_numbers];
    numbers.iter().for_each(|&number| next[number as usize] += 1);
    let mut sum = 0;
    for next in &mut next {
        sum += std::mem::replace(next, sum);
    }
    places.clear();
    places.resize(numbers.len(), 0);
    for (place, &number) in (0..).zip(numbers) {
        let next = &mut next[number as usize];
        places[*next as usize] = place;
        *next += 1;
    }
    next
}
