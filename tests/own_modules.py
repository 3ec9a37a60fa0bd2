"""Modules of PyTorch as a user would write them; PyTorch is imported when one is built."""


def recurrent(n_inputs, n_outputs, size=4, kind="GRU", bidirectional=False, dropout=0.0, codes=False):
    """Answers at every step."""
    from torch import nn
    from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

    class Recurrent(nn.Module):
        def __init__(self):
            super().__init__()
            self.embedding = nn.Embedding(n_inputs + 1, size) if codes else None
            width = size if codes else n_inputs
            self.rnn = getattr(nn, kind)(width, size, batch_first=True, bidirectional=bidirectional)
            self.dropout = nn.Dropout(dropout)
            self.readout = nn.Linear(size * (1 + bidirectional), n_outputs)

        def forward(self, x, lengths):
            x = self.embedding(x) if codes else x
            packed = pack_padded_sequence(x, lengths, batch_first=True)
            h, _ = pad_packed_sequence(self.rnn(packed)[0], batch_first=True)
            return self.readout(self.dropout(h))

    return Recurrent()


def pooled(n_inputs, n_outputs, size=4):
    """Answers once a sequence."""
    import torch
    from torch import nn

    class Pooled(nn.Module):
        def __init__(self):
            super().__init__()
            self.rnn = nn.GRU(n_inputs, size, batch_first=True)
            self.readout = nn.Linear(size, n_outputs)

        def forward(self, x, lengths):
            h, _ = self.rnn(x)
            return self.readout(h[torch.arange(len(h)), lengths - 1])

    return Pooled()
