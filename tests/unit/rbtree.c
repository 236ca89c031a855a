// SPDX-License-Identifier: GPL-2.0
/*
 * The out-of-line half of the kernel's red-black tree, which lives in vmlinux:
 * what its headers call, for the host.
 */
#include <linux/rbtree_augmented.h>

typedef void (*rotate_fn)(struct rb_node *old, struct rb_node *new);

static void rotate(struct rb_node *top, bool left, struct rb_root *root,
		   rotate_fn augment)
{
	struct rb_node *up = left ? top->rb_right : top->rb_left;
	struct rb_node *inner = left ? up->rb_left : up->rb_right;
	struct rb_node *parent = rb_parent(top);

	if (left) {
		top->rb_right = inner;
		up->rb_left = top;
	} else {
		top->rb_left = inner;
		up->rb_right = top;
	}
	if (inner)
		rb_set_parent(inner, top);
	__rb_change_child(top, up, parent, root);
	rb_set_parent(up, parent);
	rb_set_parent(top, up);
	augment(top, up);
}

static void paint(struct rb_node *node, int color)
{
	rb_set_parent_color(node, rb_parent(node), color);
}

static bool black(const struct rb_node *node)
{
	return !node || rb_is_black(node);
}

/* rb_link_node() has made @node red. */
void __rb_insert_augmented(struct rb_node *node, struct rb_root *root,
			   rotate_fn augment)
{
	struct rb_node *parent, *grand, *uncle;
	bool left;

	while ((parent = rb_parent(node)) && rb_is_red(parent)) {
		grand = rb_parent(parent);
		left = parent == grand->rb_left;
		uncle = left ? grand->rb_right : grand->rb_left;
		if (!black(uncle)) {
			paint(parent, RB_BLACK);
			paint(uncle, RB_BLACK);
			paint(grand, RB_RED);
			node = grand;
			continue;
		}
		if (node == (left ? parent->rb_right : parent->rb_left)) {
			rotate(parent, left, root, augment);
			node = parent;
			parent = rb_parent(node);
		}
		paint(parent, RB_BLACK);
		paint(grand, RB_RED);
		rotate(grand, !left, root, augment);
	}
	paint(root->rb_node, RB_BLACK);
}

/* A black node went from below @parent, where now no node is. */
void __rb_erase_color(struct rb_node *parent, struct rb_root *root,
		      rotate_fn augment)
{
	struct rb_node *node = NULL, *sibling, *near, *far;
	bool left;

	while (parent && black(node)) {
		left = node == parent->rb_left;
		sibling = left ? parent->rb_right : parent->rb_left;
		if (!black(sibling)) {
			paint(sibling, RB_BLACK);
			paint(parent, RB_RED);
			rotate(parent, left, root, augment);
			sibling = left ? parent->rb_right : parent->rb_left;
		}
		near = left ? sibling->rb_left : sibling->rb_right;
		far = left ? sibling->rb_right : sibling->rb_left;
		if (black(near) && black(far)) {
			paint(sibling, RB_RED);
			node = parent;
			parent = rb_parent(node);
			continue;
		}
		if (black(far)) {
			paint(near, RB_BLACK);
			paint(sibling, RB_RED);
			rotate(sibling, !left, root, augment);
			sibling = near;
			far = left ? sibling->rb_right : sibling->rb_left;
		}
		paint(sibling, rb_color(parent));
		paint(parent, RB_BLACK);
		paint(far, RB_BLACK);
		rotate(parent, left, root, augment);
		return;
	}
	if (node)
		paint(node, RB_BLACK);
}

struct rb_node *rb_next(const struct rb_node *node)
{
	struct rb_node *parent;

	if (node->rb_right) {
		node = node->rb_right;
		while (node->rb_left)
			node = node->rb_left;
		return (struct rb_node *)node;
	}
	while ((parent = rb_parent(node)) && node == parent->rb_right)
		node = parent;
	return parent;
}

static void no_rotate(struct rb_node *old, struct rb_node *new)
{
	(void)old;
	(void)new;
}

static void no_copy(struct rb_node *old, struct rb_node *new)
{
	(void)old;
	(void)new;
}

static void no_propagate(struct rb_node *node, struct rb_node *stop)
{
	(void)node;
	(void)stop;
}

static const struct rb_augment_callbacks plain = {
	.propagate = no_propagate,
	.copy = no_copy,
	.rotate = no_rotate,
};

void rb_insert_color(struct rb_node *node, struct rb_root *root)
{
	__rb_insert_augmented(node, root, no_rotate);
}

void rb_erase(struct rb_node *node, struct rb_root *root)
{
	rb_erase_augmented(node, root, &plain);
}
