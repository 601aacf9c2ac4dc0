export default {
  title: '转到联系人或聊天',
  placeholder: '姓名、用户名或号码',
  found: '联系人和聊天',
  none: '没有名为“{query}”的联系人或聊天。',
}
