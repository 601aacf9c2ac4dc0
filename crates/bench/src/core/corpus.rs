//! Messages as people write them: half of them Chinese, most of them short, a few very long.

use magpie_core::protocol::{
    ConversationId, MessageId, Timestamp, UserId,
    messages::{Message, MessageKind},
};
use rand::{Rng as _, RngExt as _, rngs::StdRng, seq::IndexedRandom as _};
use rand_distr::{Distribution as _, LogNormal};
use serde_json::json;

use anyhow::Result;

/// The words that are most often used, and a few that are not.
const ENGLISH: &str = "the be to of and a in that have I it for not on with he as you do at this \
    but his by from they we say her she or an will my one all would there their what so up out if \
    about who get which go me when make can like time no just him know take people into year your \
    good some could them see other than then now look only come its over think also back after use \
    two how our work first well way even new want because any these give day most us tomorrow \
    meeting lunch train station photo weekend dinner really thanks okay maybe later please \
    message yesterday ticket birthday report finished waiting tonight coffee umbrella library";
/// The same in Chinese. Words stand beside each other without a space.
const CHINESE: &str = "的 我 你 是 了 不 在 他 我们 好 有 这个 就 不是 会 吗 什么 要 说 她 很 想 \
    一个 人 那 来 知道 去 吧 可以 都 怎么 没有 看 现在 还 为什么 时候 觉得 谢谢 今天 明天 昨天 \
    晚上 早上 吃饭 开会 下班 车站 地铁 周末 照片 电影 咖啡 雨伞 图书馆 生日 快乐 朋友 老师 孩子 \
    妈妈 爸爸 回家 路上 等 一下 马上 到 已经 发 给 收到 文件 报告 完成 问题 解决 办法 辛苦 加油 \
    哈哈 喜鹊 天气 下雨 太阳 真的 当然 没关系 对不起 随便 应该 可能 差不多 多少 钱 便宜 东西 买";

/// Writes messages. The same seed writes the same ones.
pub(crate) struct Corpus {
    rng: StdRng,
    english: Vec<&'static str>,
    chinese: Vec<&'static str>,
    /// How many characters a message has; by language, since Chinese says as much in fewer.
    lengths: [LogNormal<f64>; 2],
}

impl Corpus {
    /// Starts with the seeded `rng`.
    ///
    /// # Errors
    /// Never, with these lengths.
    pub(crate) fn new(rng: StdRng) -> Result<Self> {
        Ok(Self {
            rng,
            english: ENGLISH.split_whitespace().collect(),
            chinese: CHINESE.split_whitespace().collect(),
            // Half of all have at most 34 and 11 characters; one in a hundred 350 and 110.
            lengths: [LogNormal::new(3.53, 1.0)?, LogNormal::new(2.4, 1.0)?],
        })
    }

    /// Writes a message into its place.
    pub(crate) fn message(
        &mut self,
        conversation: ConversationId,
        seq: u64,
        sender: UserId,
        at: Timestamp,
    ) -> Message {
        let mut random = [0; 10];
        self.rng.fill_bytes(&mut random);
        let text = self.text();
        Message {
            id: MessageId::from_parts(at.0.unsigned_abs(), random),
            conversation_id: conversation,
            seq,
            sender_id: Some(sender),
            kind: MessageKind::Text,
            content: json!({ "text": text }),
            created_at: at,
        }
    }

    /// Writes a text.
    pub(crate) fn text(&mut self) -> String {
        let chinese = self.rng.random_bool(0.5);
        let [english, short] = &self.lengths;
        let length = if chinese { short } else { english };
        let wanted = length.sample(&mut self.rng).clamp(1.0, 4_000.0);
        let words = if chinese {
            &self.chinese
        } else {
            &self.english
        };
        let mut text = String::new();
        let mut many = 0.0;
        while many < wanted {
            // The first words of the list are the most common ones.
            let common = self.rng.random_bool(0.5);
            let few = words.get(..20).unwrap_or(words);
            let from = if common { few } else { words.as_slice() };
            let word = from.choose(&mut self.rng).copied().unwrap_or("喜鹊");
            if !chinese && !text.is_empty() {
                text.push(' ');
                many += 1.0;
            }
            text.push_str(word);
            #[expect(clippy::cast_precision_loss, reason = "words are short")]
            let letters = word.chars().count() as f64;
            many += letters;
            if chinese && self.rng.random_bool(0.12) {
                text.push('，');
                many += 1.0;
            }
        }
        text
    }

    /// Returns the source of chance.
    pub(crate) fn rng(&mut self) -> &mut StdRng {
        &mut self.rng
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng as _;

    use super::*;

    #[test]
    fn half_is_chinese_and_most_is_short() {
        let mut corpus = Corpus::new(StdRng::seed_from_u64(1)).unwrap();
        let texts: Vec<String> = (0..4_000).map(|_| corpus.text()).collect();
        let chinese = texts.iter().filter(|text| !text.is_ascii()).count();
        assert!((1_800..2_200).contains(&chinese), "{chinese}");
        let mut lengths: Vec<usize> = texts.iter().map(|text| text.chars().count()).collect();
        lengths.sort_unstable();
        assert!((12..35).contains(&lengths[2_000]), "{}", lengths[2_000]);
        assert!((100..600).contains(&lengths[3_960]), "{}", lengths[3_960]);
        assert!(texts.iter().all(|text| !text.trim().is_empty()));
    }
}
