import type { Action, MediaContent, OutboundContent } from '../../src/bridge/message.ts'

export const says = (...texts: string[]): OutboundContent[] => texts.map((text) => ({ kind: 'text', text }))

const picture = (name: string): MediaContent => ({
  kind: 'media',
  media: 'image',
  source: { by: 'url', url: `https://img.example/${name}.png` },
})
const answer = (label: string, payload: string): Action => ({ do: 'answer', label, payload })
const open = (label: string, url: string): Action => ({ do: 'open', label, url })
const track = open('Track', 'https://example.com/track')
const call = open('Call us', 'tel:+6620000000')

/** What the fixtures with structured content say, by the names of their files. */
export const structured: Readonly<Record<string, OutboundContent[]>> = {
  'quick-replies': [
    ...says('Continue?'),
    {
      kind: 'quick-replies',
      replies: [
        { label: 'Yes', payload: 'yes' },
        { label: 'No', payload: 'no' },
      ],
    },
  ],
  'quick-replies-mixed': [
    ...says('Ok?'),
    { kind: 'media', media: 'image', source: { by: 'url', url: 'https://files.example/map.png' }, mime: 'image/png' },
    ...says('Or which size?'),
    {
      kind: 'quick-replies',
      replies: [
        { label: 'Yes', payload: 'y', image: picture('y') },
        { label: 'No', payload: 'No' },
        { label: 'later', payload: 'later' },
        { label: '7', payload: '7' },
        { label: 'Small', payload: 's' },
        { label: 'Large one', payload: 'l' },
      ],
    },
  ],
  'quick-replies-v2': [
    ...says('Which size?'),
    {
      kind: 'quick-replies',
      replies: [
        { label: 'Small', payload: 's' },
        { label: 'Large', payload: 'l' },
      ],
    },
  ],
  'quick-replies-v2-said': [
    ...says('Which size?'),
    { kind: 'quick-replies', replies: [{ label: 'Small', payload: 's' }] },
  ],
  'quick-replies-v2-empty': says('Which size?'),
  card: [
    {
      kind: 'cards',
      cards: [
        {
          title: 'Plan A',
          description: 'Basic',
          image: picture('a'),
          action: open('example.com', 'https://example.com/plans'),
          actions: [answer('Choose A', 'plan-a')],
        },
      ],
    },
  ],
  'card-video': [
    {
      kind: 'cards',
      cards: [
        {
          title: 'Tour',
          actions: [
            open('example.com', 'https://example.com/tour'),
            open('Call', 'tel:+6620000000'),
            open('shop tour.mp4', 'https://videos.example/tours/shop%20tour.mp4'),
          ],
        },
      ],
    },
  ],
  'card-videos': [
    {
      kind: 'cards',
      cards: [
        { title: 'One', actions: [open('tour%.mp4', 'https://videos.example/tour%25.mp4')] },
        { title: 'Two', actions: [open('videos.example', 'https://videos.example/watch/42')] },
        {
          title: 'Three',
          actions: [open('動画 1.mp4', 'https://xn--r8jz45g.example/%E5%8B%95%E7%94%BB%201.mp4')],
        },
      ],
    },
  ],
  'card-default-postback': [
    { kind: 'cards', cards: [{ title: 'Plan A', action: answer('Choose', 'plan-a'), actions: [] }] },
  ],
  'card-unusable-links': says(
    'Shop\nOpen daily\nMail us: mailto:shop@example.com\nNowhere\nrtsp://videos.example/a\nApp: myapp://shop',
  ),
  'card-odd-actions': [
    {
      kind: 'cards',
      cards: [
        {
          title: 'Odd',
          actions: [
            answer('Only words', 'Only words'),
            answer('only-payload', 'only-payload'),
            open('example.com', 'https://example.com/p'),
            open('Page', 'https://example.com/%E0%B8%A0%E0%B8%B2%E0%B8%A9%E0%B8%B2?q=%7B1%7D'),
            answer('Answer', 'a'),
            answer('Bare', 'Bare'),
            answer('Seven', '7'),
          ],
        },
      ],
    },
  ],
  'card-without-title': [{ kind: 'cards', cards: [{ title: 'Basic\nCheap', actions: [answer('Choose', 'c')] }] }],
  'card-buttons-only': [
    { kind: 'cards', cards: [{ title: 'Choose', image: picture('a'), actions: [answer('Choose', 'c')] }] },
  ],
  'card-default-action-only': [
    {
      kind: 'cards',
      cards: [{ title: 'example.com', action: open('example.com', 'https://example.com/plans'), actions: [] }],
    },
  ],
  'card-words-only': says('Plan A\nBasic'),
  'card-picture-only': [picture('a')],
  'card-other-members': says('Plan A\nBasic'),
  carousel: [
    {
      kind: 'cards',
      cards: [
        {
          title: 'Plan A',
          description: 'Basic',
          image: picture('a'),
          actions: [answer('Choose A', 'plan-a'), open('Details', 'https://example.com/a')],
        },
        { title: 'Plan B', actions: [open('example.com', 'https://example.com/b')] },
      ],
    },
  ],
  'carousel-mixed': [
    picture('lone'),
    {
      kind: 'cards',
      cards: [
        { title: 'Only words', actions: [] },
        { title: 'Plan B', actions: [answer('B', 'b')] },
      ],
    },
  ],
  'carousel-empty': says('Our plans'),
  'date-picker': [
    {
      kind: 'date-picker',
      title: 'When?',
      subtitle: 'Pick one',
      times: [{ at: Date.UTC(2026, 11, 1, 3), durationMs: 1_800_000 }, { at: Date.UTC(2026, 11, 1, 4, 30) }],
    },
  ],
  'date-picker-range': [
    {
      kind: 'date-picker',
      title: 'When?',
      subtitle: 'Any day',
      image: picture('d'),
      place: 'Our shop, 1 Silom Rd',
      earliest: Date.UTC(2026, 11, 1),
      latest: Date.UTC(2026, 11, 24, 10),
      times: [],
    },
  ],
  'date-picker-unreadable': [
    {
      kind: 'date-picker',
      title: 'When?',
      place: 'https://maps.example/x',
      times: [{ at: Date.UTC(2026, 11, 1, 3) }, { at: Date.UTC(2026, 11, 2) }, { at: Date.UTC(2026, 11, 3) }],
    },
  ],
  'date-picker-any-time': [{ kind: 'date-picker', times: [] }],
  'date-picker-backwards': [{ kind: 'date-picker', title: 'When?', times: [] }],
  'date-picker-missing': says('When?'),
  'wrong-types': [{ kind: 'date-picker', times: [] }],
  'list-picker': [
    {
      kind: 'list-picker',
      title: 'Choose your topping',
      sections: [
        {
          title: 'Sweet',
          items: [
            { id: '1', title: 'Mango', subtitle: 'in season' },
            { id: '2', title: 'Coconut' },
          ],
        },
        { title: 'Salty', items: [{ id: '3', title: 'Peanut' }] },
      ],
    },
  ],
  'list-picker-full': [
    ...says('Sold out'),
    {
      kind: 'list-picker',
      title: 'Menu',
      subtitle: 'Choose your topping\nOne or more',
      image: picture('m'),
      sections: [
        {
          title: 'Sweet',
          items: [
            { id: '1', title: 'Mango', subtitle: 'in season', image: picture('1') },
            { id: '2', title: 'Coconut' },
            { id: '3', title: 'no title' },
            { id: '4', title: '4' },
            { id: 'no id', title: 'no id' },
          ],
        },
        { items: [{ id: '5', title: 'Peanut' }] },
      ],
    },
  ],
  'list-picker-without-items': [picture('m'), ...says('Choose\nOne\nSweet\nSalty')],
  notification: [
    {
      kind: 'template',
      header: 'Order A-77',
      body: 'Dear Aiko, it leaves at 18:00.',
      footer: 'Thank you',
      actions: [track, call, answer('OK', 'ok')],
    },
  ],
  'notification-rendered': [
    ...says('Dear Aiko, it leaves at 18:00.'),
    { kind: 'template', header: 'Order A-77', footer: 'Thank you', actions: [track, call, answer('OK', 'ok')] },
  ],
  'notification-buttons': [
    {
      kind: 'template',
      header: 'Order A-77',
      body: 'It leaves at 18:00.\nApp: myapp://track\nExtension: 000 ext. 12',
      footer: 'Thank you',
      actions: [
        open('Track A-77', 'https://example.com/track/A-77'),
        call,
        answer('OK', 'ok'),
        answer('Fine', 'Fine'),
        answer('only-payload', 'only-payload'),
        open('Site', 'https://example.com'),
        open('+6620000001', 'tel:+6620000001'),
        answer('Words', 'Words'),
        open('example.com', 'https://example.com/flow'),
      ],
    },
  ],
  'notification-body-only': says('Your parcel is here.'),
  'notification-said': says('Order A-77\nIt leaves at 18:00.'),
  'notification-media': [
    { kind: 'media', media: 'image', source: { by: 'url', url: 'https://img.example/h.jpg' }, mime: 'image/jpeg' },
    ...says('Look'),
  ],
  'notification-header-file': [
    {
      kind: 'media',
      media: 'file',
      source: { by: 'url', url: 'https://files.example/i.pdf' },
      mime: 'application/pdf',
      fileName: 'invoice.pdf',
    },
    ...says('Your invoice'),
    { kind: 'template', body: 'Please pay.', actions: [answer('Paid', 'paid')] },
  ],
  'bot-markup-everywhere': [
    ...says('Look:'),
    { kind: 'cards', cards: [{ title: 'Plan A', description: 'Basic', actions: [answer('Choose', '*choose*')] }] },
    { kind: 'date-picker', title: 'When?', place: 'Shop', times: [] },
    {
      kind: 'list-picker',
      title: 'Which?',
      sections: [{ title: 'Sweet', items: [{ id: '**1**', title: 'Mango' }] }],
    },
    { kind: 'template', header: 'Order', body: 'It is sent.', footer: 'Bye', actions: [] },
    ...says('News\nhttps://example.com/a_b_c'),
    { kind: 'media', media: 'file', source: { by: 'url', url: 'https://files.example/a' } },
    ...says('Caption', 'Beam'),
    { kind: 'quick-replies', replies: [{ label: 'Yes', payload: '**yes**' }] },
  ],
}
