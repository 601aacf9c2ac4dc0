export default {
  title: 'Go to a person or chat',
  placeholder: 'Name, user name or number',
  found: 'People and chats',
  none: 'Nobody and no chat is called “{query}”.',
}
