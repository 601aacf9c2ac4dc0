export default {
  malformed: 'That is no link that Magpie can open.',
  elsewhere: 'That link belongs to {server}. Show your account there, then open it again.',
  noMessage: 'That message was not found in this chat.',
  signInFirst: 'Sign in first, then open the link again.',
  invitationTitle: 'You were invited',
  invitationText: 'The link invites you to make an account on this server. Go on only if you know whoever sent it.',
}
