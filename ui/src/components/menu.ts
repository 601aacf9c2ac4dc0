import type { Component } from 'vue'

/** A line of a menu. */
export interface MenuItem {
  label: string
  icon?: Component
  danger?: boolean
  disabled?: boolean
  testid?: string
  select: () => void
}
