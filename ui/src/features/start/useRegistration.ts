/** What somebody enters to make an account, what is wrong with it, and sending it. */
import { computed, reactive, ref } from 'vue'
import type { MessageKey } from '@/i18n'
import { t } from '@/i18n'
import { failureText } from '@/i18n/failure'
import { toFailure, type Account, type Failure, type FailureCode, type ServerCheck } from '@/platform'
import { useSession } from '@/stores/session'
import { useStart } from '@/stores/start'
import { emailRule, nicknameRule, passwordRule, usernameHopeless, usernameRule } from './rules'

export type Field = 'invitation' | 'username' | 'nickname' | 'email' | 'password' | 'repeat'

/** Which field a refusal is about. */
const blamed: Partial<Record<FailureCode, Field>> = {
  invitation_needed: 'invitation',
  invitation_invalid: 'invitation',
  username_taken: 'username',
  invalid_username: 'username',
  invalid_nickname: 'nickname',
  email_taken: 'email',
  invalid_email: 'email',
  password_length: 'password',
}

export function useRegistration(server: ServerCheck) {
  const session = useSession()
  const start = useStart()
  const entered = reactive<Record<Field, string>>({
    invitation: start.invitation, username: '', nickname: '', email: '', password: '', repeat: '',
  })
  const left = reactive<Partial<Record<Field, boolean>>>({})
  const refused = ref<{ failure: Failure; at: string } | null>(null)
  const busy = ref(false)
  /** The server asks for an invitation; it may have come to that since it was asked what it is. */
  const invited = ref(server.info.registration === 'invitation' || start.invitation !== '')

  const wrong = computed<Partial<Record<Field, MessageKey>>>(() => ({
    invitation: invited.value && entered.invitation.trim() === '' ? 'start.required' : undefined,
    username: usernameRule(entered.username),
    nickname: nicknameRule(entered.nickname),
    email: emailRule(entered.email),
    password: passwordRule(entered.password),
    repeat: entered.repeat === entered.password ? undefined : 'start.passwordDiffers',
  }))

  /** What stands below a field: a rule that is broken for good, or what the server said of this very text. */
  function error(field: Field): string | undefined {
    const said = refused.value
    if (said && blamed[said.failure.code] === field && said.at === entered[field]) {
      return failureText(said.failure)
    }
    const broken = wrong.value[field]
    return broken !== undefined && (left[field] === true || isPlain(field)) ? t(broken) : undefined
  }

  /** Tells whether what is wrong is so before one has left the field: typing on does not mend it. */
  function isPlain(field: Field): boolean {
    switch (field) {
      case 'username':
        return usernameHopeless(entered.username)
      case 'nickname':
        return entered.nickname.trim() !== ''
      case 'repeat':
        return entered.repeat !== '' && entered.repeat.length >= entered.password.length
      default:
        return false
    }
  }

  /** A field that was left empty is not blamed before one tries to go on. */
  function leave(field: Field): void {
    left[field] = left[field] === true || entered[field] !== ''
  }

  /** What the server said that is about no field. */
  const general = computed(() =>
    refused.value && blamed[refused.value.failure.code] === undefined ? failureText(refused.value.failure) : undefined,
  )

  /** Makes the account; nothing where something is wrong, which is then shown. */
  async function submit(): Promise<Account | undefined> {
    for (const field of Object.keys(entered) as Field[]) {
      left[field] = true
    }
    if (busy.value || Object.values(wrong.value).some((one) => one !== undefined)) {
      return undefined
    }
    busy.value = true
    refused.value = null
    const { username, nickname, password } = entered
    const [email, invitation] = [entered.email.trim() || null, entered.invitation.trim() || null]
    try {
      return await session.register({ server_url: server.url, username, nickname, email, password, invitation })
    } catch (thrown) {
      const failure = toFailure(thrown)
      const field = blamed[failure.code]
      invited.value ||= field === 'invitation'
      refused.value = { failure, at: field === undefined ? '' : entered[field] }
      return undefined
    } finally {
      busy.value = false
    }
  }

  return { entered, invited, busy, general, error, leave, submit }
}
