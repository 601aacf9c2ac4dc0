export default {
  others: '你的其他账号',
  switchTo: '切换到 {name}（{server}）',
  add: '添加账号',
  backToChats: '返回聊天',
}
