"""Small models in one of whose calls a fault can be planted: ``k`` is 1 where all is right."""

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.checkpoint import checkpoint


class Swish(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, k=1.0):
        ctx.save_for_backward(x)
        ctx.k = k
        return x * torch.sigmoid(x)

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        s = torch.sigmoid(x)
        return g * (s + x * s * (1 - s) * ctx.k), None


class Setup(torch.autograd.Function):
    generate_vmap_rule = True

    @staticmethod
    def forward(x, k):
        return x * torch.sigmoid(x)

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(inputs[0])
        ctx.k = inputs[1]

    backward = staticmethod(Swish.backward)


class Once(torch.autograd.Function):
    forward = staticmethod(Swish.forward)
    backward = staticmethod(torch.autograd.function.once_differentiable(Swish.backward))


@torch.library.custom_op("gradproof_tests::swish", mutates_args=())
def swish(x: torch.Tensor, k: float) -> torch.Tensor:
    return x * torch.sigmoid(x)


swish.register_autograd(Swish.backward, setup_context=Setup.setup_context)

taken_early = Swish.apply  # before anybody looks on


class Model(nn.Module):
    def __init__(self, k):
        super().__init__()
        self.l = nn.ModuleList(nn.Linear(6, 6) for _ in range(3))
        self.k = k


class Plain(Model):
    def forward(self, x):
        y = taken_early(self.l[0](x), 1.0)
        return self.l[2](taken_early(self.l[1](y), self.k))


class WithSetup(Model):
    def forward(self, x):
        return self.l[2](Setup.apply(self.l[1](x), self.k))


class Vmapped(Model):
    def forward(self, x):
        return self.l[2](torch.func.vmap(lambda row: Setup.apply(row, self.k))(self.l[1](x)))


class OnceOnly(Model):
    def forward(self, x):
        return self.l[2](Once.apply(self.l[1](x), self.k))


class Operator(Model):
    def forward(self, x):
        return self.l[2](swish(self.l[1](x), self.k))


class Checkpointed(Model):
    reentrant = False

    def forward(self, x):
        def inner(x):
            return torch.tanh(self.l[1](Swish.apply(x, self.k))) + x

        y = checkpoint(lambda x: Swish.apply(x, 1.0), self.l[0](x), use_reentrant=self.reentrant)
        return self.l[2](checkpoint(inner, y, use_reentrant=self.reentrant))


class Reentrant(Checkpointed):
    reentrant = True


class TensorHook(Model):
    def forward(self, x):
        y = self.l[0](x)

        def scaled(g):
            return g * self.k

        y.register_hook(scaled)
        return self.l[2](torch.tanh(self.l[1](y)))


class ModuleHook(Model):
    def __init__(self, k):
        super().__init__(k)

        def scaled(_, gradients, __):
            return tuple(g * k for g in gradients)

        self.l[1].register_full_backward_hook(scaled)

    def forward(self, x):
        return self.l[2](torch.tanh(self.l[1](torch.tanh(self.l[0](x)))))


class Mlp(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Linear(6, 6)

    def forward(self, x):
        return torch.tanh(self.a(x))


class Block(nn.Module):
    def __init__(self, cut):
        super().__init__()
        self.n, self.mlp, self.cut = nn.LayerNorm(6), Mlp(), cut

    def forward(self, x):
        h = self.n(x)
        return x + self.mlp(h.detach() if self.cut else h)


class Cut(nn.Module):
    def __init__(self, k):
        super().__init__()
        self.b = nn.Sequential(Block(cut=False), Block(cut=k != 1), Block(cut=False))

    def forward(self, x):
        return self.b(x)


class Repeated(Model):
    def forward(self, x):
        h = torch.zeros_like(x)
        for i in range(4):
            h = Swish.apply(self.l[0](x) + self.l[1](h), self.k if i == 2 else 1.0)
        return self.l[2](h)


class InPlace(Model):
    def __init__(self, k):
        super().__init__(k)
        self.inner = nn.Sequential(nn.SELU(inplace=True), nn.Linear(6, 6))

    def forward(self, x):
        y = self.l[0](x) * 1
        y[:, 0] += 1.0
        y = F.relu(y, inplace=True)
        z = self.l[1](self.inner(y + 1))
        z.mul_(2)
        z[:, 1:].tanh_()
        return self.l[2](Swish.apply(z + y, self.k))


class Dictionaries(nn.Module):
    def __init__(self):
        super().__init__()
        self.l = nn.Linear(6, 6)

    def forward(self, given, *, more):
        return {"o": self.l(given["x"]) * given["y"][0], "p": [more[0] * 2]}


class Containers(Model):
    def __init__(self, k):
        super().__init__(k)
        self.d = Dictionaries()

    def forward(self, x):
        r = self.d({"x": self.l[0](x), "y": (self.l[1](x), 3)}, more=[x])
        return self.l[2](Swish.apply(r["o"] + r["p"][0], self.k))


class Again(torch.autograd.Function):
    """Its backward runs the module again."""

    @staticmethod
    def forward(ctx, module, k, x, *parameters):
        ctx.module, ctx.k = module, k
        ctx.save_for_backward(x)
        with torch.no_grad():
            return module(x) + x

    @staticmethod
    def backward(ctx, g):
        x = ctx.saved_tensors[0].detach().requires_grad_()
        with torch.enable_grad():
            found = torch.autograd.grad(ctx.module(x), (x, *ctx.module.parameters()), g)
        return None, None, found[0] * ctx.k + g, *found[1:]


class RunAgain(Model):
    def __init__(self, k):
        super().__init__(k)
        self.m = Mlp()

    def forward(self, x):
        return self.l[2](Again.apply(self.m, self.k, self.l[0](x), *self.m.parameters()))


class Inner(nn.Module):
    def __init__(self, k):
        super().__init__()
        self.a, self.k = nn.Linear(6, 6), k

    def forward(self, x):
        return Swish.apply(self.a(x), self.k)


class InsideRunAgain(Model):
    def __init__(self, k):
        super().__init__(k)
        self.m = Inner(k)

    def forward(self, x):
        return self.l[2](Again.apply(self.m, 1.0, self.l[0](x), *self.m.parameters()))


class Compiled(Model):
    def __init__(self, k):
        super().__init__(k)

        def compiled(x):
            return torch.sin(Setup.apply(x, k))

        torch.compiler.reset()  # after some compilations of one code dynamo gives up
        self.g = torch.compile(compiled, backend="aot_eager")

    def forward(self, x):
        return self.l[2](self.g(self.l[1](x)))


class Mixed(Model):
    """What else layers do: batch norm, dropout, a recurrent layer written in C++."""

    def __init__(self, k):
        super().__init__(k)
        self.norm, self.drop, self.lstm = nn.BatchNorm1d(6), nn.Dropout(0.3), nn.LSTM(6, 6)

    def forward(self, x):
        y = self.drop(self.lstm(F.relu(self.norm(self.l[0](x))))[0])
        return self.l[2](Swish.apply(y, self.k))
