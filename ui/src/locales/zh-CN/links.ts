export default {
  malformed: '这不是喜鹊能打开的链接。',
  elsewhere: '该链接属于 {server}。请先切换到那里的账号，再打开它。',
  noMessage: '在此聊天中找不到该消息。',
  signInFirst: '请先登录，再打开该链接。',
  invitationTitle: '你收到了邀请',
  invitationText: '此链接邀请你在该服务器上注册账号。请仅在认识发送者时继续。',
}
