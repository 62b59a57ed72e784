"""What pages read: published marts, and segmentations made of them."""
