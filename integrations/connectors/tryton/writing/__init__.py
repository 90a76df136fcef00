"""Orders to Tryton in steps: checked, reserved as a quotation under our key, posted; and each taken back.

Every step first asks how far the order is there, so that any may be repeated after any loss
(INT-37, INT-38).
"""
