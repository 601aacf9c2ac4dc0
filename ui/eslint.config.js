import js from '@eslint/js'
import vue from 'eslint-plugin-vue'
import a11y from 'eslint-plugin-vuejs-accessibility'
import globals from 'globals'
import ts from 'typescript-eslint'

const tauri = {
  group: ['@tauri-apps/*'],
  message: 'Only src/platform/ knows Tauri.',
}
const insidePlatform = {
  group: ['@/platform/bindings', '@/platform/tauri', '@/platform/fake', '@/platform/fake/*'],
  message: 'Import from @/platform; what lies behind it is its own business.',
}
const upwards = {
  group: ['../**/features/**', '../**/views/**', '../**/components/**', '../**/stores/**', '../**/platform/**'],
  message: 'Tiers are imported through @/, so that their order can be checked.',
}

/** What a tier may not import, on top of what nobody may. */
function tier(...patterns) {
  return { 'no-restricted-imports': ['error', { patterns: [tauri, insidePlatform, upwards, ...patterns] }] }
}

export default ts.config(
  { ignores: ['dist', 'node_modules', 'src/platform/bindings.ts'] },
  js.configs.recommended,
  ...ts.configs.recommendedTypeChecked,
  ...ts.configs.stylisticTypeChecked,
  ...vue.configs['flat/recommended'],
  ...a11y.configs['flat/recommended'],
  {
    languageOptions: {
      globals: globals.browser,
      parserOptions: {
        parser: ts.parser,
        projectService: true,
        tsconfigRootDir: import.meta.dirname,
        extraFileExtensions: ['.vue'],
      },
    },
  },
  {
    files: ['src/**/*.{ts,vue}'],
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/consistent-type-definitions': 'off',
      '@typescript-eslint/no-non-null-assertion': 'error',
      // An empty text is no name: `||` is meant.
      '@typescript-eslint/prefer-nullish-coalescing': ['error', { ignorePrimitives: { string: true } }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      'no-console': ['error', { allow: ['error'] }],
      'max-lines': ['error', { max: 300, skipBlankLines: false }],
      ...tier(),
    },
  },
  {
    files: ['src/**/*.vue'],
    rules: {
      'vue/no-v-html': 'error',
      'vue/no-bare-strings-in-template': ['error', { allowlist: ['·', '…', '/', ':', '@', '+', '–', '(', ')'] }],
      'vue/block-lang': ['error', { script: { lang: 'ts' } }],
      'vue/component-api-style': ['error', ['script-setup']],
      'vue/block-order': ['error', { order: ['script', 'template', 'style'] }],
      'vue/require-default-prop': 'off',
      'vue/max-attributes-per-line': 'off',
      'vue/singleline-html-element-content-newline': 'off',
      'vue/html-self-closing': ['error', { html: { void: 'always', normal: 'always', component: 'always' } }],
      'vue/html-indent': 'off',
      'vue/html-closing-bracket-newline': 'off',
      'vue/first-attribute-linebreak': 'off',
      'vue/multiline-html-element-content-newline': 'off',
      // Labels are tied to their fields by id.
      'vuejs-accessibility/label-has-for': ['error', { required: { some: ['nesting', 'id'] } }],
      // WebKit takes a list without marks for no list, unless it is said.
      'vuejs-accessibility/no-redundant-roles': ['error', { ul: ['list'] }],
      'vuejs-accessibility/no-static-element-interactions': 'error',
    },
  },
  {
    files: ['src/components/**'],
    rules: tier({
      group: ['@/features/**', '@/views/**', '@/stores/**', '@/platform', '@/platform/**', '@/router'],
      message: 'Shared components know nothing of chats.',
    }),
  },
  {
    files: ['src/features/**'],
    rules: tier({ group: ['@/views/**'], message: 'Features lie below views.' }),
  },
  {
    files: ['src/stores/**', 'src/i18n/**', 'src/locales/**'],
    rules: tier({
      group: ['@/features/**', '@/views/**', '@/components/**'],
      message: 'What the platform said does not depend on how it looks.',
    }),
  },
  {
    files: ['src/platform/**'],
    rules: {
      'no-restricted-imports': [
        'error',
        { patterns: [{ group: ['@/features/**', '@/views/**', '@/components/**', '@/stores/**'], message: 'The platform lies below everything.' }] },
      ],
    },
  },
  {
    files: ['**/*.test.ts', 'src/testing/**'],
    rules: { 'max-lines': 'off', 'no-restricted-imports': 'off' },
  },
  {
    // A component has no type here; vue-tsc checks what these rules would.
    files: ['src/**/*.vue', 'src/main.ts', 'src/testing/**', '**/*.test.ts'],
    rules: {
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
    },
  },
  {
    // A host rejects with a plain Failure, and so does the fake one.
    files: ['src/platform/fake/**'],
    rules: { '@typescript-eslint/only-throw-error': 'off' },
  },
  { files: ['*.js'], ...ts.configs.disableTypeChecked },
)
