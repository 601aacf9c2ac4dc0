export default {
  others: 'Your other accounts',
  switchTo: 'Show {name} on {server}',
  add: 'Add account',
  backToChats: 'Back to my chats',
}
